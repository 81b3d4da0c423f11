import Foundation
import NIOCore
import Testing

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

    @Test func linksAreNeverFollowed() throws {
        let secret = try Folder()
        try secret.write("secret", at: "file")
        let files = try Folder()
        try files.link("blobs/sha256/\(Self.hex)", to: secret.path + "/file")
        let folder = try #require(try BlobFolder(url: "oci://\(files.path)"))
        let error = #expect(throws: SystemError.self) { try Self.read(folder, "a", Self.digest) }
        #expect(error?.number == ELOOP)

        let storage = try Self.storage()
        try secret.write("sha256:\(Self.hex)", at: "_layers/sha256/\(Self.hex)/link")
        try storage.link("\(Self.repositories)/linked", to: secret.path)
        let registry = try #require(try BlobFolder(url: "file://\(storage.path)"))
        #expect(throws: SystemError.self) { try Self.read(registry, "linked", Self.digest) }
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
