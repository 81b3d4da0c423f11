internal import CNDNFast
public import NIOCore

/// SignatureType numbers (docs/protocol.md 5.3).
public enum SignatureType {
    /// SHA-256 of the signed octets, without a key: protects against damage, not against forgery.
    public static let digestSha256: UInt64 = 0
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    public static let sha256WithRSA: UInt64 = 1
    /// ECDSA with SHA-256, the signature in DER.
    public static let sha256WithECDSA: UInt64 = 3
    /// HMAC with SHA-256, by a secret that both ends have.
    public static let hmacWithSha256: UInt64 = 4
    /// Ed25519 over the octets themselves.
    public static let ed25519: UInt64 = 5
    /// Carries no security; not in the specification.
    public static let null: UInt64 = 200
}

/// Which key made a signature.
public enum KeyLocator: Hashable, Sendable {
    /// Name of a certificate or a key.
    case name(Name)
    /// SHA-256 of the SubjectPublicKeyInfo.
    case digest(ByteBuffer)
}

/// SignatureInfo of a Data, or InterestSignatureInfo of an Interest; values share the packet's storage.
public struct SignatureInfo: Hashable, Sendable {
    /// A number of `SignatureType`, or one that nobody knows.
    public var type: UInt64
    /// Which key signed; nil where none did, as with a digest.
    public var keyLocator: KeyLocator?
    /// SignatureNonce, at least one octet.
    public var nonce: ByteBuffer?
    /// SignatureTime in milliseconds since 1970.
    public var time: UInt64?
    /// SignatureSeqNum.
    public var sequenceNumber: UInt64?
    /// Value of the ValidityPeriod element of a certificate.
    public var validityPeriod: ByteBuffer?

    /// A SignatureInfo of this SignatureType, and nothing else.
    public init(type: UInt64) {
        self.type = type
    }

    /// Reads the value of a SignatureInfo element that stands in a packet.
    init(value span: cndn_span, in packet: ByteBuffer) throws(WireError) {
        var info = cndn_signature_info()
        let result = unsafe packet.withReader { reader in
            unsafe reader.pos = Int(span.offset)
            unsafe reader.end = Int(span.offset) + Int(span.length)
            return unsafe cndn_signature_info_parse(reader, &info)
        }
        try result.check()
        type = info.type
        if info.has_key_name {
            keyLocator = .name(Name(unchecked: packet.slice(info.key_name)))
        } else if info.has_key_digest {
            keyLocator = .digest(packet.slice(info.key_digest))
        }
        nonce = info.has_nonce ? packet.slice(info.nonce) : nil
        time = info.has_time ? info.time : nil
        sequenceNumber = info.has_sequence ? info.sequence : nil
        validityPeriod = info.has_validity_period ? packet.slice(info.validity_period) : nil
    }

    /// Appends the element as SignatureInfo or InterestSignatureInfo.
    public func encode(type element: UInt32, into buffer: inout ByteBuffer) {
        buffer.writeTLV(type: element) { value in
            value.writeTLV(type: TLVType.signatureType, number: type)
            switch keyLocator {
            case .name(let name): value.writeTLV(type: TLVType.keyLocator) { name.encode(into: &$0) }
            case .digest(let digest):
                value.writeTLV(type: TLVType.keyLocator) { $0.writeTLV(type: TLVType.keyDigest, digest) }
            case nil: break
            }
            if let nonce { value.writeTLV(type: TLVType.signatureNonce, nonce) }
            if let time { value.writeTLV(type: TLVType.signatureTime, number: time) }
            if let sequenceNumber { value.writeTLV(type: TLVType.signatureSeqNum, number: sequenceNumber) }
            if let validityPeriod { value.writeTLV(type: TLVType.validityPeriod, validityPeriod) }
        }
    }
}
