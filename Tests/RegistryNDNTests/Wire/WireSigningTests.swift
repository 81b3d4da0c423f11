import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Wire: signing")
struct WireSigningTests {
    private let message = ByteBuffer(string: "message")
    private let locator = Name([.generic("key")])

    @Test("What a signer signs, its verifier accepts; nothing else does")
    func roundTrip() throws {
        let key = try PrivateKey.generateP256()
        let pairs: [(Signer, Verifier)] = [
            (.digest, .digest), (.hmac(key: [1, 2, 3], locator: locator), .hmac(key: [1, 2, 3])),
            (.key(key, locator: locator), .key(try key.publicKey())),
        ]
        for (index, (signer, verifier)) in pairs.enumerated() {
            let wire = try DataBuilder(name: locator, content: message).encode(signer: signer)
            let data = try DataPacket(decoding: wire)
            #expect(data.verify(with: verifier))
            for (other, pair) in pairs.enumerated() where other != index { #expect(!data.verify(with: pair.1)) }
            for position in wire.readerIndex..<wire.writerIndex {
                var damaged = wire
                damaged.setInteger(damaged.getInteger(at: position, as: UInt8.self)! ^ 1, at: position)
                #expect((try? DataPacket(decoding: damaged))?.verify(with: verifier) != true)
            }
        }
    }

    @Test("A wrong key, an empty or a null signature does not verify")
    func refused() throws {
        let key = try PrivateKey.generateP256()
        let other = try PrivateKey.generateP256().publicKey()
        let data = try DataPacket(decoding: DataBuilder(name: locator).encode(signer: .key(key, locator: locator)))
        #expect(!data.verify(with: .key(other)))
        #expect(!data.verify(with: .digest))
        #expect(!Verifier.hmac(key: []).verify(message, type: 4, signature: ByteBuffer()))
        #expect(!Verifier.key(other).verify(message, type: 3, signature: ByteBuffer()))
        #expect(!Verifier.digest.verify(message, type: 0, signature: ByteBuffer()))
        let null = try DataPacket(decoding: DataBuilder(name: locator).encode(signer: .null))
        #expect(null.signature.type == SignatureType.null && null.signatureValue.readableBytes == 0)
        #expect(!null.verify(with: .digest))
        #expect(!(try DataPacket(decoding: Vector.named("data-ndngo-minimal").wire)).verify(with: .digest))
    }

    @Test("Signed Interests carry time and nonce and verify")
    func interest() throws {
        let key = try PrivateKey.generateP256()
        var builder = InterestBuilder(name: try Name(uri: "/localhost/nfd/rib/register/x"))
        builder.nonce = 1
        for signer in [Signer.digest, .hmac(key: [9], locator: locator), .key(key, locator: locator)] {
            let wire = try builder.encodeSigned(with: signer, time: 1_700_000_000_000, signatureNonce: 7)
            let interest = try Interest(decoding: wire)
            #expect(interest.signature?.time == 1_700_000_000_000)
            #expect(interest.signature?.nonce?.hex == "0000000000000007")
            #expect(interest.applicationParameters?.readableBytes == 0)
            #expect(interest.name.last?.type == NameComponent.parametersDigestType)
            let verifier: Verifier =
                switch signer {
                case .digest, .null: .digest
                case .hmac(let key, _): .hmac(key: key)
                case .key(let key, _): .key(try key.publicKey())
                }
            #expect(interest.verify(with: verifier))
        }
    }

    @Test("Keys go through DER and back; other octets are no keys")
    func keys() throws {
        let key = try PrivateKey.generateP256()
        let again = try PrivateKey(der: key.pkcs8())
        #expect(try again.publicKey().spki == key.publicKey().spki)
        #expect(again.signatureType == SignatureType.sha256WithECDSA)
        let sec1 = try PrivateKey(der: Vector.named("tpm-file-ndnsec").wire)
        #expect(
            try DataPacket(decoding: DataBuilder(name: locator).encode(signer: .key(sec1, locator: locator)))
                .verify(with: .key(try sec1.publicKey())))
        var trailing = try key.publicKey().spki
        trailing.writeInteger(UInt8(0))
        #expect(throws: WireError.invalid) { try PublicKey(spki: trailing) }
        #expect(throws: WireError.invalid) { try PublicKey(spki: ByteBuffer()) }
        #expect(throws: WireError.invalid) { try PrivateKey(der: try key.publicKey().spki) }
    }

    @Test("A key's context signs and verifies many messages as the key does each")
    func context() throws {
        let (key, other) = (try PrivateKey.generateP256(), try PrivateKey.generateP256())
        var verification = DataVerification()
        for number in 0..<20 {
            let message = ByteBuffer(string: "message \(number)")
            let digest = SHA256.hash(message)
            let made = KeyContext(signing: key)?.sign(digest)
            let signature = try #require(made)
            #expect(try Verifier.key(key.publicKey()).verify(message, type: key.signatureType, signature: signature))
            let verdicts = try [
                KeyContext(verifying: key.publicKey())?.verify(digest, signature: signature),
                KeyContext(verifying: other.publicKey())?.verify(digest, signature: signature),
                KeyContext(verifying: key.publicKey())?.verify(digest, signature: ByteBuffer()),
            ]
            #expect(verdicts == [true, false, false])

            let signer = number % 3 == 0 ? other : key
            let wire = try DataBuilder(name: locator, content: message).encode(signer: .key(signer, locator: locator))
            let data = try DataPacket(decoding: wire)
            let isGenuine = verification.verify(data, with: try key.publicKey())
            #expect(isGenuine == (number % 3 != 0))
            let unsigned = try DataPacket(
                decoding: DataBuilder(name: locator, content: message).encode(signer: .digest))
            let isUnsignedGenuine = verification.verify(unsigned, with: try key.publicKey())
            #expect(!isUnsignedGenuine)
        }
    }

    @Test("Packets of every kind of key verify one after the other")
    func contextOfOthers() throws {
        var verification = DataVerification()
        var kinds: Set<UInt64> = []
        for vector in Vector.all {
            guard let data = try? DataPacket(decoding: vector.wire),
                let spki = vector.expect["signature"]["verify"]["spki"].string
            else { continue }
            let key = try PublicKey(spki: ByteBuffer(hex: spki))
            let isGenuine = verification.verify(data, with: key)
            #expect(isGenuine, "\(vector.id)")
            let isOthers = verification.verify(data, with: try PrivateKey.generateP256().publicKey())
            #expect(!isOthers, "\(vector.id)")
            kinds.insert(key.signatureType)
        }
        #expect(kinds.count >= 2)
    }

    @Test("SHA-256 in pieces is SHA-256 at once, and a context serves many messages")
    func digest() throws {
        var hasher = SHA256()
        for _ in 0..<2 {
            hasher.update(ByteBuffer(string: "a"))
            hasher.update(ByteBuffer())
            hasher.update(ByteBuffer(string: "bc"))
            #expect(hasher.finish().hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        }
        hasher.update(ByteBuffer(string: "lost"))
        hasher.restart()
        #expect(hasher.finalize() == SHA256.hash(ByteBuffer()))
        let digest = SHA256.hash(ByteBuffer(string: "abc"))
        #expect(SHA256Digest(bytes: digest.bytes) == digest)
        #expect(SHA256Digest(hex: digest.hex) == digest)
    }
}

/// Compares a SignatureInfo with the `signature` object of a vector.
func expectEqual(_ info: SignatureInfo, _ expect: JSONValue, location: SourceLocation = #_sourceLocation) {
    #expect(info.type == expect["type"].number, sourceLocation: location)
    var (name, digest) = (String?.none, String?.none)
    switch info.keyLocator {
    case .name(let locator): name = locator.uri
    case .digest(let locator): digest = locator.hex
    case nil: break
    }
    #expect(name == expect["key_locator"].string, sourceLocation: location)
    #expect(digest == expect["key_digest"].string, sourceLocation: location)
    #expect(info.nonce?.hex == expect["nonce"].string, sourceLocation: location)
    #expect(info.time == expect["time"].number, sourceLocation: location)
    #expect(info.sequenceNumber == expect["seq"].number, sourceLocation: location)
    #expect((info.validityPeriod != nil) == (expect["validity"] != .null), sourceLocation: location)
}

extension Verifier {
    /// The verifier that a vector's `verify` object describes; nil where there is nothing to verify.
    init?(_ verify: JSONValue) throws {
        switch verify["alg"].string {
        case "sha256": self = .digest
        case "hmac-sha256": self = .hmac(key: Array(ByteBuffer(hex: verify["key"].string!).readableBytesView))
        case nil, "none": return nil
        default: self = .key(try PublicKey(spki: ByteBuffer(hex: verify["spki"].string!)))
        }
    }
}

extension Signer {
    /// The signer that makes a vector's signature again; nil where that needs a private key.
    init?(_ verify: JSONValue) {
        switch verify["alg"].string {
        case "sha256": self = .digest
        case "none": self = .null
        case "hmac-sha256":
            self = .hmac(key: Array(ByteBuffer(hex: verify["key"].string!).readableBytesView), locator: Name())
        default: return nil
        }
    }
}
