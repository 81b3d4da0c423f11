import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct PrivateFileTests {
    /// As `docker login`, Kubernetes (with and without fsGroup), Docker and systemd leave them; `we` are user 1000.
    @Test(arguments: [
        (UInt32(1000), UInt32(0o600), false), (1000, 0o400, false), (0, 0o400, false), (0, 0o440, true),
        (0, 0o444, true), (0, 0o644, true), (1000, 0o644, true), (1000, 0o640, true),
    ])
    func secretsAsTheyAreMounted(owner: UInt32, mode: UInt32, isTold: Bool) throws {
        let notice = try PrivateFile.checkSecret(owner: owner, mode: 0o100_000 | mode, ourselves: 1000, "/run/secret")
        #expect((notice != nil) == isTold)
        if let notice { #expect(notice.contains("/run/secret") && notice.contains("chmod 600")) }
    }

    @Test(arguments: [
        (UInt32(1001), UInt32(0o600), "belongs to user 1001"), (1000, 0o620, "chmod go-w"), (0, 0o666, "chmod go-w"),
        (0, 0o602, "mode 602"),
    ])
    func secretsThatOthersCouldHaveWritten(owner: UInt32, mode: UInt32, words: String) {
        let error = #expect(throws: SecurityError.self) {
            try PrivateFile.checkSecret(owner: owner, mode: 0o100_000 | mode, ourselves: 1000, "/run/secret")
        }
        #expect(error?.code == .lax && error?.message.contains(words) == true)
    }
}
