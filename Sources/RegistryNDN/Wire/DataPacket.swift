internal import CNDNFast
public import NIOCore

/// ContentType numbers (docs/protocol.md 5.2).
public enum ContentType {
    /// Octets of an application; what a packet without ContentType has.
    public static let blob: UInt64 = 0
    /// A link: names where to look instead.
    public static let link: UInt64 = 1
    /// A public key, with the name and SignatureInfo of a certificate.
    public static let key: UInt64 = 2
    /// Application-level Nack.
    public static let nack: UInt64 = 3
    /// A prefix announcement.
    public static let prefixAnnouncement: UInt64 = 5
}

/// A decoded Data packet: the packet's octets and where in them the fields stand (docs/protocol.md 5).
///
/// Decoding allocates nothing; what the accessors return shares the packet's storage.
public struct DataPacket: Sendable {
    /// Octets of the largest packet that NDN forwarders pass on.
    public static let maximumSize = Int(CNDN_MAX_PACKET)

    /// The whole packet.
    public let wire: ByteBuffer
    private let fields: cndn_data

    /// Decodes exactly one Data packet; the signature is not verified.
    ///
    /// - Throws: `WireError.incomplete` if octets are missing, `.invalid` if the packet breaks a MUST, is followed by
    ///   more octets or exceeds 8800 octets.
    public init(decoding wire: ByteBuffer) throws(WireError) {
        var fields = cndn_data()
        let result = unsafe wire.withOctets { unsafe cndn_data_decode($0, $1, &fields) }
        try result.check()
        self.wire = wire
        self.fields = fields
    }

    /// The same packet in memory of its own, to be kept longer than a large receive buffer; not decoded again.
    public func owned() -> DataPacket {
        DataPacket(wire: ByteBuffer(bytes: wire.readableBytesView), fields: fields)
    }

    private init(wire: ByteBuffer, fields: cndn_data) {
        self.wire = wire
        self.fields = fields
    }

    /// The packet's name; shares its storage, see ``Name/owned()``.
    public var name: Name { Name(unchecked: wire.slice(fields.name)) }
    /// A number of `ContentType`, or one that nobody knows; 0 when the packet does not say.
    public var contentType: UInt64 { fields.content_type }
    /// FreshnessPeriod; 0 when the packet does not say: never fresh for MustBeFresh.
    public var freshnessMilliseconds: UInt64 { fields.freshness }

    /// FinalBlockId: the component of the last segment.
    public var finalBlock: NameComponent? {
        guard fields.has_final_block else { return nil }
        return try? NameComponent(decoding: wire.slice(fields.final_block))
    }

    /// Number of the last segment, when FinalBlockId is a Segment in its shortest form. Allocates nothing.
    public var finalSegment: UInt64? {
        Name(unchecked: wire.slice(fields.final_block)).splitSegment()?.segment
    }

    /// Value of Content; empty when there is no such element.
    public var content: ByteBuffer { wire.slice(fields.content) }
    /// Whether there is a Content element, empty or not.
    public var hasContent: Bool { fields.has_content }

    /// SignatureInfo: which kind of signature, by which key. That it is genuine is for ``verify(with:)`` to say.
    public var signature: SignatureInfo {
        // Cannot fail: decoding has parsed the same octets.
        (try? SignatureInfo(value: fields.signature_info, in: wire)) ?? SignatureInfo(type: .max)
    }

    /// SignatureValue, of a length that the kind of signature has (docs/protocol.md 5.3).
    public var signatureValue: ByteBuffer { wire.slice(fields.signature_value) }

    /// The octets that the signature covers: from Name through SignatureInfo.
    public var signedPortion: ByteBuffer {
        wire.slice(offset: Int(fields.signed_start), length: Int(fields.signed_end) - Int(fields.signed_start))
    }

    /// Whether the signature is genuine, over the octets as received.
    public func verify(with verifier: Verifier) -> Bool {
        verifier.verify(signedPortion, type: signature.type, signature: signatureValue)
    }

    /// SHA-256 of the whole packet; computed anew each time.
    public var implicitDigest: SHA256Digest { SHA256.hash(wire) }

    /// Whether this Data may answer the Interest (docs/protocol.md 4.2); MustBeFresh concerns caches only.
    public func satisfies(_ interest: Interest) -> Bool {
        let (asked, name) = (interest.name, name)
        if asked == name || (interest.canBePrefix && asked.isPrefix(of: name)) { return true }
        let size = name.value.readableBytes
        guard asked.value.readableBytes == size + digestComponentSize, name.isPrefix(of: asked),
            let digest = asked.last, digest.type == NameComponent.implicitDigestType
        else { return false }
        return SHA256Digest(bytes: digest.value.readableBytesView) == implicitDigest
    }
}
