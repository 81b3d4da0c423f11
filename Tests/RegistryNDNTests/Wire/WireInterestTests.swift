import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Vectors that no encoder of ours writes: elements unknown to the specification, or an order it does not have.
private let foreignInterests: Set = ["interest-ndncxx-signed-app-elements"]

@Suite("Wire: Interest")
struct WireInterestTests {
    @Test("An Interest is decoded and encoded", arguments: Vector.of("interest"))
    func decode(vector: Vector) throws {
        let expect = vector.expect
        let interest = try Interest(decoding: vector.wire)
        #expect(interest.name.uri == expect["name"].string)
        #expect(interest.name.canonicalURI == expect["name_canonical"].string)
        #expect(interest.name.count == expect["name_component_count"].number.map(Int.init))
        #expect(interest.canBePrefix == expect["can_be_prefix"].bool)
        #expect(interest.mustBeFresh == expect["must_be_fresh"].bool)
        #expect(interest.forwardingHint.map(\.uri) == expect["forwarding_hint"].strings)
        #expect(interest.nonce.map { ByteBuffer(integer: $0).hex } == expect["nonce"].string)
        #expect((interest.lifetimeMilliseconds ?? 4000) == expect["lifetime_ms"].number)
        #expect((interest.lifetimeMilliseconds != nil) == expect["lifetime_present"].bool)
        #expect(interest.hopLimit.map(UInt64.init) == expect["hop_limit"].number)
        #expect(interest.applicationParameters?.hex == expect["app_params"].string)
        #expect(interest.parametersDigest?.hex == expect["params_digest"].string)
        #expect(interest.hasValidParametersDigest == (expect["params_digest_valid"].bool ?? true))
        try checkSignature(of: interest, expect["signature"])
        if !foreignInterests.contains(vector.id) { try checkEncoding(of: interest, vector) }
    }

    private func checkSignature(of interest: Interest, _ expect: JSONValue) throws {
        guard expect != .null else { return #expect(interest.signature == nil && interest.signedPortion == nil) }
        let signature = try #require(interest.signature)
        expectEqual(signature, expect)
        #expect(interest.signatureValue?.hex == expect["value"].string)
        #expect(interest.signedPortion?.hex == expect["signed_portion"].string)
        guard let verifier = try Verifier(expect["verify"]) else { return }
        #expect(interest.verify(with: verifier))
    }

    private func checkEncoding(of interest: Interest, _ vector: Vector) throws {
        var builder = InterestBuilder(name: interest.name)
        builder.canBePrefix = interest.canBePrefix
        builder.mustBeFresh = interest.mustBeFresh
        builder.forwardingHint = interest.forwardingHint
        builder.nonce = interest.nonce
        builder.lifetimeMilliseconds = interest.lifetimeMilliseconds
        builder.hopLimit = interest.hopLimit
        builder.applicationParameters = interest.applicationParameters
        guard let info = interest.signature else { return #expect(try builder.encode().hex == vector.hex) }
        let signer = Signer(vector.expect["signature"]["verify"]) ?? .digest
        let encoded = try builder.encodeSigned(with: signer, info: info)
        let decoded = try Interest(decoding: encoded)
        #expect(decoded.signedPortion == interest.signedPortion)
        if Signer(vector.expect["signature"]["verify"]) != nil { #expect(encoded.hex == vector.hex) }
    }

    @Test("What the specification tolerates is decoded", arguments: Vector.of("tolerate-interest"))
    func tolerate(vector: Vector) throws {
        let fields = vector.expect["fields"]
        let interest = try Interest(decoding: vector.wire)
        #expect(interest.name.uri == fields["name"].string)
        if let nonce = fields["nonce"].string { #expect(interest.nonce.map { ByteBuffer(integer: $0).hex } == nonce) }
        if let flag = fields["can_be_prefix"].bool { #expect(interest.canBePrefix == flag) }
        if let flag = fields["must_be_fresh"].bool { #expect(interest.mustBeFresh == flag) }
        if let lifetime = fields["lifetime_ms"].number { #expect(interest.lifetimeMilliseconds == lifetime) }
        if let limit = fields["hop_limit"].number { #expect(interest.hopLimit.map(UInt64.init) == limit) }
        let signature = vector.expect["sig_fields"]
        if signature != .null {
            #expect(interest.signature?.time == signature["time"].number)
            #expect(interest.signature?.nonce?.hex == signature["nonce"].string)
        }
        if vector.expect["digest_valid"].bool == true { #expect(interest.verify(with: .digest)) }
    }

    @Test("A broken Interest is refused", arguments: Vector.of("invalid-interest"))
    func invalid(vector: Vector) throws {
        #expect(throws: WireError.self) { try Interest(decoding: vector.wire) }
    }

    @Test("Every cut of an Interest is incomplete, never read past", arguments: Vector.of("interest"))
    func cuts(vector: Vector) {
        let wire = vector.wire
        for count in 0..<wire.readableBytes {
            #expect(throws: WireError.incomplete) { try Interest(decoding: wire.slice(offset: 0, length: count)) }
        }
    }

    @Test("A forwarder does not check the parameters digest")
    func forwarding() throws {
        for id in ["interest-bad-params-digest", "interest-bad-params-wrong-digest"] {
            let interest = try Interest(forwarding: Vector.named(id).wire)
            #expect(!interest.hasValidParametersDigest)
        }
        #expect(throws: WireError.invalid) {
            try Interest(forwarding: Vector.named("interest-bad-digest-twice").wire)
        }
    }

    @Test("A lifetime of 2^64-1 becomes a day")
    func lifetime() throws {
        #expect(try Interest(decoding: Vector.named("interest-lifetime-max").wire).lifetime == .hours(24))
        #expect(try Interest(decoding: Vector.named("interest-lifetime-0").wire).lifetime == .zero)
        #expect(try Interest(decoding: Vector.named("interest-name-only").wire).lifetime == .seconds(4))
    }

    @Test("A forwarder sets nonce and hop limit, in place or inserted in order", arguments: Vector.of("interest"))
    func rewrite(vector: Vector) throws {
        let interest = try Interest(decoding: vector.wire)
        let sent = try Interest(decoding: interest.with(nonce: 0x0102_0304, hopLimit: 7))
        #expect(sent.nonce == 0x0102_0304)
        #expect(sent.hopLimit == 7)
        #expect(sent.name == interest.name)
        #expect(sent.forwardingHint == interest.forwardingHint)
        #expect(sent.lifetimeMilliseconds == interest.lifetimeMilliseconds)
        #expect(sent.canBePrefix == interest.canBePrefix && sent.mustBeFresh == interest.mustBeFresh)
        #expect(sent.applicationParameters == interest.applicationParameters)
        #expect(sent.signedPortion == interest.signedPortion)
        #expect(interest.with(nonce: nil, hopLimit: nil).hex == vector.hex)
        #expect(interest.wire.hex == vector.hex)
        if interest.nonce == nil {
            #expect(try Interest(decoding: interest.with(nonce: nil, hopLimit: 7)).nonce == nil)
        }
        if interest.hopLimit == nil {
            #expect(try Interest(decoding: interest.with(nonce: 1, hopLimit: nil)).hopLimit == nil)
        }
    }

    @Test("A prepared Interest is what the builder writes")
    func prepared() throws {
        let prefix = try Name(uri: "/example/docker/library%2Falpine").appending(.generic([UInt8](0..<32)))
        for lifetime in [nil, 0, 4000, UInt64.max] as [UInt64?] {
            let interest = PreparedInterest(prefix: prefix, mustBeFresh: lifetime == 0, lifetimeMilliseconds: lifetime)
            var packets = ByteBuffer()
            for segment in [0, 255, 256, 65535, 65536, 1 << 32, UInt64.max] {
                let size = interest.write(segment: segment, nonce: 0xA1B2_C3D4, into: &packets)
                var builder = InterestBuilder(name: prefix.appending(.segment(segment)))
                builder.mustBeFresh = lifetime == 0
                builder.nonce = 0xA1B2_C3D4
                builder.lifetimeMilliseconds = lifetime
                #expect(try packets.readSlice(length: size) == builder.encode())
            }
        }
    }

    @Test("The builder refuses what would not decode")
    func builder() throws {
        #expect(throws: WireError.invalid) { try InterestBuilder(name: Name()).encode() }
        let digest = try NameComponent(uri: "params-sha256=" + String(repeating: "0", count: 64))
        #expect(throws: WireError.invalid) { try InterestBuilder(name: Name([digest])).encode() }
        var large = InterestBuilder(name: Name([.generic("A")]))
        large.applicationParameters = ByteBuffer(repeating: 0, count: 8800)
        #expect(throws: WireError.noSpace) { try large.encode() }
        var twice = InterestBuilder(name: Name([digest, .generic("A"), digest]))
        twice.applicationParameters = ByteBuffer()
        #expect(throws: WireError.invalid) { try twice.encode() }
        twice.name = Name([digest, digest])
        #expect(throws: WireError.invalid) { try twice.encode() }
    }
}
