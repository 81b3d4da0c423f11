import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// What is learnt of blobs' sizes from what registries say, which may be anything.
@Suite struct BlobSizesTests {
    private static func digest(_ number: Int) -> ContentDigest {
        ContentDigest(sha256: SHA256.hash(ByteBuffer(integer: number)))
    }

    private static let manifest = """
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
         "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "\(digest(0))", "size": 7023},
         "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "\(digest(1))", "size": 32654,
                     "annotations": {"size": "1"}},
                    {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "\(digest(2))",
                     "size": 18446744073709551615}],
         "subject": {"mediaType": "a/b", "digest": "\(digest(3))", "size": 5}}
        """

    private static func learnt(_ manifest: String) -> [UInt64?] {
        let sizes = BlobSizes()
        sizes.learn(manifest: ByteBuffer(string: manifest))
        return (0...3).map { sizes[digest($0)] }
    }

    @Test func aManifestTellsTheSizesOfItsBlobs() {
        #expect(Self.learnt(Self.manifest) == [7023, 32_654, .max, nil])
        #expect(Self.learnt(#"{"blobs": [{"digest": "\#(Self.digest(1))", "size": 0}]}"#) == [nil, 0, nil, nil])
    }

    @Test(arguments: [
        "-1", "1.5", "1e999", "18446744073709551616", "\"7\"", "null", "{}", "[7]",
        "99999999999999999999999999999999999",
        "007", "0x7", "NaN",
    ])
    func otherSizesTellNothing(size: String) {
        let descriptor = #"{"digest": "\#(Self.digest(0))", "size": \#(size)}"#
        #expect(Self.learnt(#"{"config": \#(descriptor)}"#)[0] == nil)
        #expect(Self.learnt(#"{"layers": [\#(descriptor)]}"#)[0] == nil)
    }

    @Test func whatIsNoManifestTellsNothing() {
        let deep = String(repeating: "[", count: 200_000)
        let inside = #"{"config": "# + String(repeating: #"{"digest":"#, count: 20_000)
        let long = Self.manifest + String(repeating: " ", count: BlobSizes.longestManifest)
        let others = [
            "", "{", "null", "[]", "{\"layers\": 7}", "{\"config\": []}", deep, inside, "\u{0}", "{}{}", long,
        ]
        for text in others { #expect(Self.learnt(text) == [nil, nil, nil, nil]) }
        let sizes = BlobSizes()
        sizes.learn(manifest: ByteBuffer(repeating: 0xFF, count: 1000))
        #expect(sizes[Self.digest(0)] == nil)
    }

    /// Octets changed, cut out and put in: whatever comes of it, it is no trap.
    @Test func damagedManifestsDoNoHarm() {
        var random = SystemRandomNumberGenerator()
        let sizes = BlobSizes()
        for _ in 0..<3000 {
            var octets = Array(Self.manifest.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: octets.indices, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: octets[place] = .random(in: 0...255, using: &random)
                case 1: octets.removeSubrange(place..<min(octets.endIndex, place + .random(in: 1...40, using: &random)))
                case 2: octets.insert(contentsOf: octets[place...].prefix(50), at: place)
                default: octets.insert(Array("{}[]\",:0e-\\".utf8).randomElement(using: &random)!, at: place)
                }
                if octets.isEmpty { break }
            }
            sizes.learn(manifest: ByteBuffer(bytes: octets))
        }
    }

    @Test func theOldestLeave() {
        let sizes = BlobSizes()
        for number in 0..<20_000 { sizes.insert(UInt64(number), of: Self.digest(number)) }
        #expect(sizes[Self.digest(0)] == nil && sizes[Self.digest(19_999)] == 19_999)
        #expect((0..<20_000).count { sizes[Self.digest($0)] != nil } <= 16_384)
        sizes.insert(1, of: Self.digest(19_999))
        #expect(sizes[Self.digest(19_999)] == 1)
    }

    // MARK: Passing

    private static func head(_ type: String, length: Int? = nil, coding: String? = nil) -> HTTPResponseHead {
        var headers: HTTPHeaders = ["Content-Type": type]
        if let length { headers.add(name: "Content-Length", value: "\(length)") }
        if let coding { headers.add(name: "Content-Encoding", value: coding) }
        return HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
    }

    private static let type = "application/vnd.oci.image.manifest.v1+json"

    @Test func whatPassesIsReadWithItsLastOctets() {
        let sizes = BlobSizes()
        let octets = ByteBuffer(string: Self.manifest)
        var passing = PassingManifest(Self.head(Self.type, length: octets.readableBytes), to: .GET, sizes)
        for octet in octets.readableBytesView.dropLast() { passing?.append(ByteBuffer(bytes: [octet])) }
        #expect(sizes[Self.digest(0)] == nil)
        passing?.append(ByteBuffer(bytes: octets.readableBytesView.suffix(1)))
        #expect(sizes[Self.digest(0)] == 7023)
    }

    @Test func withoutALengthItsEndTells() {
        let sizes = BlobSizes()
        var passing = PassingManifest(Self.head(Self.type + "; charset=utf-8"), to: .GET, sizes)
        passing?.append(ByteBuffer(string: Self.manifest))
        #expect(sizes[Self.digest(0)] == nil)
        passing?.end()
        #expect(sizes[Self.digest(0)] == 7023)
    }

    @Test func whatIsTooLongIsNotKept() {
        let sizes = BlobSizes()
        var passing = PassingManifest(Self.head(Self.type), to: .GET, sizes)
        passing?.append(ByteBuffer(repeating: UInt8(ascii: " "), count: BlobSizes.longestManifest))
        passing?.append(ByteBuffer(string: Self.manifest))
        passing?.end()
        #expect(sizes[Self.digest(0)] == nil)
    }

    @Test func otherAnswersAreNotRead() {
        let sizes = BlobSizes()
        #expect(PassingManifest(Self.head("application/json"), to: .GET, sizes) == nil)
        #expect(PassingManifest(Self.head(Self.type), to: .HEAD, sizes) == nil)
        #expect(PassingManifest(Self.head(Self.type), to: .PUT, sizes) == nil)
        #expect(PassingManifest(Self.head(Self.type, coding: "gzip"), to: .GET, sizes) == nil)
        var missing = Self.head(Self.type)
        missing.status = .notFound
        #expect(PassingManifest(missing, to: .GET, sizes) == nil)
    }
}
