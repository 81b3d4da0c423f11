import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Vectors that decode, but are not what our encoder writes, and why.
private let foreignData = [
    "data-empty-content": "an empty MetaInfo",
    "data-ecdsa-der-len-69": "an empty MetaInfo",
    "data-ecdsa-der-len-70": "an empty MetaInfo",
    "data-ecdsa-der-len-71": "an empty MetaInfo",
    "data-ecdsa-der-len-72": "an empty MetaInfo",
    "data-size-8800": "an empty MetaInfo",
    "data-contenttype-0-explicit": "ContentType written though it is the default",
    "data-all-metainfo": "ContentType written though it is the default",
    "cert-testbed-root-x3": "an AdditionalDescription, which is ignored",
    "data-ndngo-unrecognized": "an element unknown to the specification",
    "data-ndngo-minimal": "no signature value",
]

@Suite("Wire: Data")
struct WireDataTests {
    @Test("A Data packet is decoded and encoded", arguments: Vector.of("data", "certificate"))
    func decode(vector: Vector) throws {
        let expect = vector.expect
        let data = try DataPacket(decoding: vector.wire)
        #expect(data.name.uri == expect["name"].string)
        #expect(data.name.canonicalURI == expect["name_canonical"].string)
        #expect(data.contentType == expect["content_type"].number)
        #expect(data.freshnessMilliseconds == expect["freshness_ms"].number)
        #expect(data.finalBlock?.uri == expect["final_block_id"].string)
        #expect(data.finalSegment == data.finalBlock.flatMap { $0.isSegment ? $0.number : nil })
        #expect(data.hasContent == expect["content_present"].bool)
        #expect(UInt64(data.content.readableBytes) == expect["content_len"].number)
        #expect(SHA256.hash(data.content).hex == expect["content_sha256"].string)
        #expect(data.implicitDigest.hex == expect["implicit_digest"].string)
        let signature = expect["signature"]
        expectEqual(data.signature, signature)
        #expect(data.signatureValue.hex == signature["value"].string)
        #expect(SHA256.hash(data.signedPortion).hex == signature["signed_portion_sha256"].string)
        if let verifier = try Verifier(signature["verify"]) { #expect(data.verify(with: verifier)) }
        if let verifier = try Verifier(expect["verify"]) {
            #expect(data.verify(with: verifier) == expect["verifies"].bool)
        }
        if foreignData[vector.id] == nil { try checkEncoding(of: data, vector) }
    }

    private func checkEncoding(of data: DataPacket, _ vector: Vector) throws {
        var builder = DataBuilder(name: data.name)
        builder.contentType = data.contentType
        builder.freshnessMilliseconds = data.freshnessMilliseconds
        builder.finalBlock = data.finalBlock
        builder.content = data.hasContent ? data.content : nil
        // A signature of another's ECDSA key cannot be made again: then all that it signs has to be equal.
        let signer = Signer(vector.expect["signature"]["verify"])
        let encoded = try builder.encode(signer: signer ?? .null, info: data.signature)
        #expect(try DataPacket(decoding: encoded).signedPortion == data.signedPortion)
        if signer != nil { #expect(encoded.hex == vector.hex) }
    }

    @Test("What the specification tolerates is decoded", arguments: Vector.of("tolerate-data"))
    func tolerate(vector: Vector) throws {
        let fields = vector.expect["fields"]
        let data = try DataPacket(decoding: vector.wire)
        if let name = fields["name"].string { #expect(data.name.uri == name) }
        if let freshness = fields["freshness_ms"].number { #expect(data.freshnessMilliseconds == freshness) }
        if let content = fields["content"].string { #expect(data.content.hex == content) }
        if let type = fields["content_type"].number { #expect(data.contentType == type) }
        if let digest = vector.expect["implicit_digest"].string { #expect(data.implicitDigest.hex == digest) }
        if vector.expect["digest_valid"].bool == true { #expect(data.verify(with: .digest)) }
        if vector.expect["verifies"].bool == false { #expect(!data.verify(with: .digest)) }
    }

    @Test("A broken Data packet is refused", arguments: Vector.of("invalid-data"))
    func invalid(vector: Vector) {
        #expect(throws: WireError.self) { try DataPacket(decoding: vector.wire) }
    }

    @Test("Every cut of a Data packet is incomplete, never read past")
    func cuts() {
        for vector in Vector.of("data", "certificate") where vector.hex.count < 2000 {
            let wire = vector.wire
            for count in 0..<wire.readableBytes {
                #expect(throws: WireError.incomplete) { try DataPacket(decoding: wire.slice(offset: 0, length: count)) }
            }
        }
    }

    @Test("A Data packet answers the Interests it should", arguments: Vector.of("matching"))
    func matching(vector: Vector) throws {
        for item in vector.expect["cases"].array {
            let builder = DataBuilder(name: try Name(uri: try #require(item["data"].string)))
            let data = try DataPacket(decoding: builder.encode(signer: .digest))
            let own = data.implicitDigest.hex
            let other = String(repeating: "0", count: 64)
            let uri = try #require(item["interest"].string)
            let name = uri.split(separator: "<own>", omittingEmptySubsequences: false).joined(separator: own)
                .split(separator: "<other>", omittingEmptySubsequences: false).joined(separator: other)
            var interest = InterestBuilder(name: try Name(uri: name))
            interest.canBePrefix = item["can_be_prefix"].bool == true
            #expect(try data.satisfies(Interest(decoding: interest.encode())) == item["match"].bool, "\(item)")
        }
    }

    @Test("A blob is put together from its segments", arguments: Vector.of("data-sequence"))
    func sequence(vector: Vector) throws {
        var reader = TLVReader(vector.wire)
        var object = ByteBuffer()
        var count: UInt64 = 0
        while let element = try reader.next() {
            var wire = ByteBuffer()
            wire.writeTLV(type: element.type, element.value)
            let data = try DataPacket(decoding: wire)
            let (prefix, segment) = try #require(data.name.splitSegment())
            #expect(segment == count)
            #expect(data.finalSegment == vector.expect["final_segment"].number)
            #expect(try layOut(data, prefix: prefix, segment: segment) == wire)
            object.writeImmutableBuffer(data.content)
            count += 1
        }
        #expect(count == vector.expect["count"].number)
        #expect(SHA256.hash(object).hex == vector.expect["object_sha256"].string)
    }

    @Test(
        "A segment of a real size is laid out as the reference has it",
        arguments: ["blob-digest-seg0", "blob-digest-seg2"])
    func segment(id: String) throws {
        let data = try DataPacket(decoding: Vector.named(id).wire)
        let (prefix, segment) = try #require(data.name.splitSegment())
        #expect(try layOut(data, prefix: prefix, segment: segment).hex == Vector.named(id).hex)
    }

    private func layOut(_ data: DataPacket, prefix: Name, segment: UInt64) throws -> ByteBuffer {
        let layout = try SegmentPacketLayout(
            prefix: prefix, segment: segment, finalSegment: try #require(data.finalSegment),
            payloadLength: data.content.readableBytes, freshnessMilliseconds: data.freshnessMilliseconds)
        var hasher = SHA256()
        hasher.update(ByteBuffer(string: "a message that was begun"))
        var slot = [UInt8](repeating: 0, count: layout.size)
        unsafe slot.withUnsafeMutableBytes { slot in
            unsafe layout.writeHeader(into: slot)
            unsafe UnsafeMutableRawBufferPointer(rebasing: slot[layout.payloadOffset...])
                .copyBytes(from: data.content.readableBytesView)
            unsafe layout.sign(slot, hasher: &hasher)
        }
        #expect(hasher.finish() == SHA256.hash(ByteBuffer()))
        return ByteBuffer(bytes: slot)
    }

    @Test("A packet over 8800 octets is refused before it is written")
    func tooLarge() throws {
        let name = try Name(uri: "/A")
        var builder = DataBuilder(name: name, content: ByteBuffer(repeating: 0, count: 8749))
        #expect(throws: WireError.noSpace) { try builder.encode(signer: .digest) }
        builder.content = ByteBuffer(repeating: 0, count: 8748)
        #expect(try builder.encode(signer: .digest).readableBytes == 8800)
        for length in [8790, 8801, Int.max] {
            #expect(throws: WireError.noSpace) {
                try SegmentPacketLayout(
                    prefix: name, segment: 0, finalSegment: 0, payloadLength: length, freshnessMilliseconds: 0)
            }
        }
    }
}
