import NDN
import NIOCore
import RegistryNDN
import Testing

private let hex = String(repeating: "0123456789abcdef", count: 4)

@Suite struct RegistryContentDigestTests {
    @Test func roundTrip() throws {
        let digest = try #require(ContentDigest("sha256:" + hex))
        #expect(digest.description == "sha256:" + hex)
        #expect(digest.sha256.hex == hex)
    }

    @Test(arguments: [
        "", "sha256:", "sha256:00", "sha512:" + hex, "SHA256:" + hex, "sha256:" + hex.uppercased(),
        "sha256:" + hex + "0",
        "sha256:" + hex.dropLast() + "g", hex, "sha256:" + hex.dropLast(2) + "\u{e9}",
    ])
    func rejects(_ text: String) {
        #expect(ContentDigest(text) == nil)
    }
}

@Suite struct RegistryRouteTests {
    @Test(arguments: ["alpine", "library/alpine", "a/b/c/d/e", "blobs/blobs", "a/blobs"])
    func blob(_ repository: String) throws {
        let path = "/v2/\(repository)/blobs/sha256:\(hex)"
        let expected = RegistryRoute.blob(
            try #require(RepositoryName(repository)), try #require(ContentDigest("sha256:" + hex)))
        #expect(RegistryRoute.parse(path: path) == expected)
        guard case .blob(let name, let digest) = expected else { return }
        #expect(RegistryRoute.path(repository: name, digest: digest) == path)
    }

    @Test(arguments: [
        "", "/", "/v2/", "/robots.txt", "/v2/a/manifests/latest", "/v2/blobs/sha256:\(hex)",
        "/v2//blobs/sha256:\(hex)", "/v2/a//blobs/sha256:\(hex)", "//v2/a/blobs/sha256:\(hex)",
        "/v2/a/blobs//sha256:\(hex)", "/v2/a/blobs/sha256:\(hex)/", "/v2/a/blobs/sha256:\(hex)?x=1",
        "/v2/a/blobs/sha256:\(hex)#x", "/v2/a/blobs/sha256%3A\(hex)", "/v2/a%2Fb/blobs/sha256:\(hex)",
        "/v2/../a/blobs/sha256:\(hex)", "/v2/a/../b/blobs/sha256:\(hex)", "/v2/A/blobs/sha256:\(hex)",
        "/v2/a/blobs/sha512:\(hex)\(hex)", "/v2/a/blobs/uploads/", "/v2/a/xblobs/sha256:\(hex)",
        "/v1/a/blobs/sha256:\(hex)", "http://h/v2/a/blobs/sha256:\(hex)",
    ])
    func other(_ path: String) {
        #expect(RegistryRoute.parse(path: path) == .other)
    }
}

@Suite struct RegistryBlobNameTests {
    private func blob() throws -> BlobName {
        BlobName(
            prefix: try Name(uri: "/example/docker"), repository: try #require(RepositoryName("library/alpine")),
            digest: try #require(ContentDigest("sha256:" + hex)))
    }

    @Test func layout() throws {
        let name = try blob().name
        #expect(name.count == 4)
        #expect(name.uri == "/example/docker/library%2Falpine/" + escapedDigest)
        #expect(try blob().metadataName.last?.uri == "32=metadata")
    }

    @Test func roundTrip() throws {
        let blob = try blob()
        #expect(BlobName(parsing: blob.name, prefix: blob.prefix) == blob)
        #expect(BlobName(parsing: blob.name) == blob)
    }

    /// A name comes in a receive buffer of many Interests, which shall be used again.
    @Test func keepsNothingOfTheNameItIsReadFrom() throws {
        let blob = try blob()
        var octets = ByteBuffer(bytes: blob.name.value.readableBytesView)
        let parsed = BlobName(parsing: try Name(value: octets), prefix: blob.prefix)
        #expect(octets.modifyIfUniquelyOwned { _ in } != nil)
        #expect(parsed == blob)
    }

    @Test func rejectsOtherNames() throws {
        let blob = try blob()
        let prefix = blob.prefix
        #expect(BlobName(parsing: blob.metadataName, prefix: prefix) == nil)
        #expect(BlobName(parsing: blob.name, prefix: try Name(uri: "/example/other")) == nil)
        #expect(BlobName(parsing: blob.name.prefix(3), prefix: prefix) == nil)
        #expect(
            BlobName(
                parsing: prefix.appending(.generic("..")).appending(.generic(blob.digest.sha256.bytes)), prefix: prefix)
                == nil)
        #expect(BlobName(parsing: prefix.appending(.generic("a")).appending(.generic("short")), prefix: prefix) == nil)
        #expect(
            BlobName(
                parsing: prefix.appending(.keyword("a")).appending(.generic(blob.digest.sha256.bytes)), prefix: prefix)
                == nil)
        #expect(BlobName(parsing: Name()) == nil)
    }

    /// The raw octets 01 23 45 67 89 ab cd ef, four times, in the URI scheme of the NDN packet specification.
    private var escapedDigest: String { String(repeating: "%01%23Eg%89%AB%CD%EF", count: 4) }
}
