import Foundation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// A folder of the test's own.
private final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "folder-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ octets: String, at name: String) throws {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(octets.utf8).write(to: file)
    }

    func link(_ name: String, to target: String) throws {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: target)
    }
}

@Suite struct BlobFolderTests {
    private static let digest = ContentDigest(sha256: SHA256.hash(ByteBuffer(string: "blob")))
    private static let hex = digest.sha256.hex
    private static let other = ContentDigest(sha256: SHA256.hash(ByteBuffer(string: "another")))
    private static let blobs = "docker/registry/v2/blobs/sha256"
    private static let repositories = "docker/registry/v2/repositories"

    private static func storage() throws -> Folder {
        let folder = try Folder()
        try folder.write("the blob", at: "\(blobs)/\(hex.prefix(2))/\(hex)/data")
        try folder.write("sha256:\(hex)", at: "\(repositories)/library/alpine/_layers/sha256/\(hex)/link")
        return folder
    }

    /// What the folder has of a blob; nil when it says that there is none.
    private static func read(_ folder: BlobFolder, _ repository: String, _ digest: ContentDigest) throws -> String? {
        guard let file = try folder.open(try #require(RepositoryName(repository)), digest) else { return nil }
        return String(buffer: try file.read(0..<file.size))
    }

    @Test func aRegistrysStorageHasBlobsOfItsRepositories() throws {
        let files = try Self.storage()
        let folder = try #require(try BlobFolder(url: "file://\(files.path)"))
        #expect(try Self.read(folder, "library/alpine", Self.digest) == "the blob")
        #expect(try Self.read(folder, "library/alpine", Self.other) == nil)
        // Another repository must not learn of it, nor anybody who knows the digest only.
        #expect(try Self.read(folder, "library/busybox", Self.digest) == nil)
        #expect(try Self.read(folder, "library", Self.digest) == nil)
    }

    @Test func anImageLayoutHasTheBlobsOfAnyRepository() throws {
        let files = try Folder()
        try files.write("the blob", at: "blobs/sha256/\(Self.hex)")
        let folder = try #require(try BlobFolder(url: "oci://\(files.path)"))
        #expect(try Self.read(folder, "any/name", Self.digest) == "the blob")
        #expect(try Self.read(folder, "any/name", Self.other) == nil)
        let repository = try #require(RepositoryName("a"))
        guard let file = try folder.open(repository, Self.digest) else {
            Issue.record("no such blob")
            return
        }
        let (size, middle) = (file.size, String(buffer: try file.read(4..<7)))
        #expect(size == 8)
        #expect(middle == "blo")
    }

    /// As build tools lay a layout out: the blobs, or folders of them, elsewhere in it.
    @Test(arguments: [
        ["blobs/sha256/\(hex)": "../../store/one"], ["blobs/sha256/\(hex)": "../../more/one", "more": "./store"],
        ["blobs": "all", "all/sha256/\(hex)": "../../store/one"], ["blobs/sha256": "../store", "store/\(hex)": "one"],
        ["blobs/sha256/\(hex)": "../up/two", "blobs/up": "../store", "store/two": "../store/one"],
    ])
    func linksWithinAnImageLayoutAreFollowed(links: [String: String]) throws {
        let files = try Folder()
        try files.write("the blob", at: "store/one")
        for (name, target) in links { try files.link(name, to: target) }
        let folder = try #require(try BlobFolder(url: "oci://\(files.path)"))
        #expect(try Self.read(folder, "a", Self.digest) == "the blob")
        #expect(try Self.read(folder, "a", Self.other) == nil)
    }

    @Test(arguments: ["/outside", "../../../outside", "../../inside/../../outside", "../../all/one"])
    func linksThatLeadOutOfALayoutAreRefusedAtOnce(target: String) throws {
        let secret = try Folder()
        try secret.write("secret", at: "one")
        let files = try Folder()
        try files.write("x", at: "inside/x")
        try files.link("all", to: secret.path)
        try files.link("blobs/sha256/\(Self.hex)", to: target)
        let error = #expect(throws: BlobFolderError.self) { try BlobFolder(url: "oci://\(files.path)") }
        let text = error?.description ?? ""
        #expect(text.contains("blobs/sha256/\(Self.hex)") && text.contains(target) && text.contains("cp -rL"))
    }

    @Test(arguments: [
        ("file", "x/y", "no docker/registry/v2/blobs in it", "rootdirectory"),
        ("file", "blobs/sha256/x", "no docker/registry/v2/blobs in it", "write oci:///"),
        ("oci", "x/y", "no blobs in it", "oci-layout"),
        ("oci", "docker/registry/v2/blobs/x", "no blobs in it", "write file:///"),
    ])
    func aFolderWithAnotherLayoutIsSaid(scheme: String, file: String, wrong: String, remedy: String) throws {
        let files = try Folder()
        try files.write("x", at: file)
        let error = #expect(throws: BlobFolderError.self) { try BlobFolder(url: "\(scheme)://\(files.path)") }
        let text = error?.description ?? ""
        #expect(text.contains(wrong) && text.contains(remedy) && !text.contains("No such file"), "\(text)")
    }

    @Test func aFolderThatIsNotThereIsSaid() {
        let error = #expect(throws: BlobFolderError.self) { try BlobFolder(url: "file:///nowhere/at/all") }
        #expect(error?.description.contains("No such file") == true)
    }

    @Test func linksThatComeLaterLeadNowhereElseEither() throws {
        let secret = try Folder()
        try secret.write("secret", at: "file")
        let files = try Folder()
        try files.write("x", at: "blobs/sha256/x")
        let folder = try #require(try BlobFolder(url: "oci://\(files.path)"))
        try files.link("blobs/sha256/\(Self.hex)", to: secret.path + "/file")
        let outside = #expect(throws: SystemError.self) { try Self.read(folder, "a", Self.digest) }
        #expect(outside?.number == EXDEV)
        try files.link("blobs/sha256/\(Self.other.sha256.hex)", to: "\(Self.other.sha256.hex)")
        let loop = #expect(throws: SystemError.self) { try Self.read(folder, "a", Self.other) }
        #expect(loop?.number == ELOOP)
    }

    /// Whoever may write a link there could let one repository have another's blobs.
    @Test func linksInARegistrysStorageAreNeverFollowed() throws {
        let secret = try Folder()
        let storage = try Self.storage()
        try secret.write("sha256:\(Self.hex)", at: "_layers/sha256/\(Self.hex)/link")
        try storage.link("\(Self.repositories)/linked", to: secret.path)
        try storage.link("\(Self.repositories)/inside", to: "library/alpine")
        let registry = try #require(try BlobFolder(url: "file://\(storage.path)"))
        for name in ["linked", "inside"] {
            #expect(throws: SystemError.self) { try Self.read(registry, name, Self.digest) }
        }
    }

    @Test func aRepositoryWithoutLayersIsSaid() throws {
        let files = try Self.storage()
        try files.write("x", at: "\(Self.repositories)/copied/app/_manifests/tags/latest/current/link")
        let folder = try #require(try BlobFolder(url: "file://\(files.path)"))
        func fault(_ name: String) throws -> String? { folder.fault(of: try #require(RepositoryName(name))) }
        #expect(try Self.read(folder, "copied/app", Self.digest) == nil)
        #expect(try fault("copied/app")?.contains("copied/app has no folder _layers") == true)
        for name in ["library/alpine", "library", "copied", "none"] { #expect(try fault(name) == nil) }
    }

    @Test func onlyRegularFilesAreBlobs() throws {
        let files = try Folder()
        try files.write("x", at: "blobs/sha256/\(Self.hex)/inside")
        try files.write("x", at: "blobs/other")
        let pipe = files.path + "/blobs/sha256/\(Self.other.sha256.hex)"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        let folder = try #require(try BlobFolder(url: "oci://\(files.path)"))
        #expect(throws: SystemError.self) { try Self.read(folder, "a", Self.digest) }
        #expect(throws: SystemError.self) { try Self.read(folder, "a", Self.other) }
    }

    @Test func whatIsNoSuchFolderIsExplained() throws {
        #expect(try BlobFolder(url: "http://127.0.0.1:5000") == nil)
        let empty = try Folder()
        for url in ["file://relative", "file:///nowhere/at/all", "oci://\(empty.path)", "file://\(empty.path)"] {
            let error = #expect(throws: BlobFolderError.self) { try BlobFolder(url: url) }
            #expect(error?.description.contains(url) == true)
        }
    }
}
