import Foundation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

#if canImport(Glibc)
    import Glibc
#endif

/// A folder that goes away with the test.
final class KeychainPlace {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.path + "/registry-ndn-" + UUID().uuidString
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ text: String, to name: String, mode: mode_t = 0o600) {
        let file = unsafe fopen(path + "/" + name, "w")!
        unsafe fputs(text, file)
        unsafe fclose(file)
        _ = unsafe chmod(path + "/" + name, mode)
    }

    static func mode(_ path: String) -> mode_t {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }
}

@Suite("Security: the keychain's folder")
struct KeychainFolderTests {
    private let place = KeychainPlace()
    private var folder: KeychainFolder { KeychainFolder(path: place.path + "/share/keychain") }

    private func refusal(_ body: () throws -> Void) -> SecurityError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SecurityError)?.code
        }
    }

    @Test("What is added comes back, in a folder of mode 0700 with files of mode 0600")
    func roundTrip() throws {
        #expect(try folder.state() == .absent)
        #expect(try folder.load().keys.isEmpty)
        #expect(try folder.state() == .absent, "reading makes nothing")
        let (plain, secret) = (try TestKey("/a"), try TestKey("/a/b"))
        try folder.add(plain.stored(), plain.certificate)
        try folder.add(secret.stored(Passphrase("x")), secret.certificate)
        try folder.setDefault(plain.name)
        try folder.setDefault(secret.name)

        #expect(try folder.state() == .ours)
        #expect(KeychainPlace.mode(folder.path) == 0o700)
        let names = try PrivateFile.names(in: folder.path)
        #expect(names.count == 6)
        for name in names { #expect(KeychainPlace.mode(folder.path + "/" + name) == 0o600, "\(name)") }

        let keychain = try folder.load()
        #expect(Set(keychain.keys.map(\.name)) == [plain.name, secret.name])
        #expect(Set(keychain.certificates) == [plain.certificate, secret.certificate])
        #expect(keychain.defaults == [secret.name, plain.name])
        #expect(keychain.problems.isEmpty)
        #expect(keychain.key(named: secret.name)?.isEncrypted == true)
        #expect(refusal { try folder.add(plain.stored(), plain.certificate) } == .exists)
    }

    @Test("Deleting a key takes its certificates along, and its place among the defaults")
    func delete() throws {
        let (one, two) = (try TestKey("/a"), try TestKey("/b"))
        try folder.add(one.stored(), one.certificate)
        try folder.add(two.stored(), two.certificate)
        try folder.setDefault(one.certificate.name)
        try folder.delete(one.name)
        let keychain = try folder.load()
        #expect(keychain.keys.map(\.name) == [two.name] && keychain.certificates == [two.certificate])
        #expect(keychain.defaults.isEmpty)
        try folder.delete(two.certificate.name)
        #expect(try folder.load().certificates.isEmpty)
        #expect(refusal { try folder.delete(one.name) } == .notFound)
    }

    @Test("Folders and files that others may read are refused, and the message says what to do")
    func lax() throws {
        let key = try TestKey("/a")
        try folder.add(key.stored(), key.certificate)
        for mode: mode_t in [0o750, 0o705, 0o777, 0o710] {
            _ = unsafe chmod(folder.path, mode)
            let error = #expect(throws: SecurityError.self) { try folder.load() }
            #expect(error?.code == .lax && error?.message.contains("chmod 700 \(folder.path)") == true)
            #expect(refusal { try folder.setDefault(key.name) } == .lax)
        }
        _ = unsafe chmod(folder.path, 0o700)
        for name in try PrivateFile.names(in: folder.path) where name.hasSuffix(".pem") || name.hasSuffix(".ndncert") {
            _ = unsafe chmod(folder.path + "/" + name, 0o640)
        }
        let keychain = try folder.load()
        #expect(keychain.keys.isEmpty && keychain.certificates.isEmpty)
        #expect(keychain.problems.map(\.code) == [.lax, .lax])
    }

    @Test("A folder with something else in it is foreign: neither read nor written")
    func foreign() throws {
        place.write("{}", to: "ndnts-key.json")
        let foreign = KeychainFolder(path: place.path)
        let key = try TestKey("/a")
        #expect(try foreign.state() == .foreign)
        #expect(refusal { _ = try foreign.load() } == .foreign)
        #expect(refusal { try foreign.add(key.stored(), key.certificate) } == .foreign)
        #expect(refusal { try foreign.add(key.certificate) } == .foreign)
        #expect(refusal { try foreign.setDefault(key.name) } == .foreign)
        #expect(refusal { try foreign.delete(key.name) } == .foreign)
        #expect(try PrivateFile.names(in: place.path) == ["ndnts-key.json"])
        #expect(refusal { _ = try KeychainFolder(path: place.path + "/ndnts-key.json").load() } == .foreign)
    }

    @Test("A truncated or damaged file is a problem with its path; the others are still there")
    func damaged() throws {
        let (good, bad) = (try TestKey("/a"), try TestKey("/b"))
        try folder.add(good.stored(), good.certificate)
        let whole = try (key: bad.stored().file, certificate: bad.certificate.file)
        let sealed = try bad.stored(Passphrase("x")).file
        let texts = [
            ("1.pem", String(whole.key.dropLast(10))), ("2.pem", String(whole.key.dropFirst(20))),
            ("3.pem", whole.key.replacing("MIGH", with: "MIGI")), ("4.ndncert", String(whole.certificate.dropLast(30))),
            ("5.ndncert", ""), ("6.pem", ""), ("7.pem", sealed.replacing("ENCRYPTED ", with: "")),
            ("8.pem", whole.key.replacing("PRIVATE KEY", with: "CERTIFICATE")), ("9.ndncert", "?"),
        ]
        for (name, text) in texts {
            let file = unsafe fopen(folder.path + "/" + name, "w")!
            unsafe fputs(text, file)
            unsafe fclose(file)
            _ = unsafe chmod(folder.path + "/" + name, 0o600)
        }
        let keychain = try folder.load()
        #expect(keychain.keys.map(\.name) == [good.name] && keychain.certificates == [good.certificate])
        #expect(keychain.problems.count == texts.count)
        for (problem, text) in zip(keychain.problems, texts) {
            #expect(problem.code == .malformed && problem.message.contains(folder.path + "/" + text.0))
        }
    }

    @Test("Many writers at once lose nothing")
    func concurrent() async throws {
        let path = folder.path
        let keys = try (0..<24).map { try TestKey("/k", id: "\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for key in keys {
                group.addTask {
                    let folder = KeychainFolder(path: path)
                    try folder.add(key.stored(), key.certificate)
                    try folder.setDefault(key.name)
                    let keychain = try folder.load()
                    #expect(keychain.problems.isEmpty && keychain.key(named: key.name) != nil)
                }
            }
            try await group.waitForAll()
        }
        let keychain = try folder.load()
        #expect(keychain.keys.count == 24 && keychain.certificates.count == 24)
        #expect(Set(keychain.defaults) == Set(keys.map(\.name)) && keychain.defaults.count == 24)
    }

    @Test("Where the keychain is when nobody says")
    func defaultPath() {
        #expect(KeychainFolder.defaultPath { ["XDG_DATA_HOME": "/x"][$0] } == "/x/registry-ndn/keychain")
        #expect(
            KeychainFolder.defaultPath { ["XDG_DATA_HOME": "x", "HOME": "/h"][$0] }
                == "/h/.local/share/registry-ndn/keychain")
        #expect(KeychainFolder.defaultPath { _ in nil } == nil)
    }
}
