import NIOCore
import Testing

@testable import NDN

#if canImport(Glibc)
    import Glibc
#endif

@Suite("A small file", .timeLimit(.minutes(1)))
struct SmallFileTests {
    @Test("is a regular file: of all else it is said what it is, and nobody waits for it")
    func kinds() throws {
        let pipe = "/tmp/registry-ndn-\(getpid()).pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        defer { _ = unsafe unlink(pipe) }
        for (path, kind) in [(pipe, "a pipe"), ("/dev/zero", "a device"), ("/", "a directory")] {
            for read in [{ _ = try SmallFile.contents(path) }, { try SmallFile.check(path) }] {
                let failure = #expect(throws: SmallFile.Failure.self) { try read() }
                #expect(failure?.reason == "this is \(kind), and only a file is read: name a file", "\(path)")
            }
        }
        let secret = #expect(throws: SecurityError.self) { try PrivateFile.readSecret(pipe) }
        #expect(secret.map { "\($0)".contains("this is a pipe") } == true)
        #expect(try SmallFile.contents("/proc/self/cmdline").readableBytes > 0)
        #expect(throws: SmallFile.Failure.self) { try SmallFile.contents("/nowhere") }
        try SmallFile.check("/nowhere")
    }
}
