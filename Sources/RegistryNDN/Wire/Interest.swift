internal import CNDNFast
public import NIOCore

/// A decoded Interest: the packet's octets and where in them the fields stand (docs/protocol.md 4).
///
/// Decoding allocates nothing; what the accessors return shares the packet's storage.
public struct Interest: Sendable {
    /// The whole packet.
    public let wire: ByteBuffer
    private let fields: cndn_interest

    /// Lifetime of an Interest that does not say one.
    public static let defaultLifetimeMilliseconds: UInt64 = 4000
    /// Longest lifetime that is honoured; a peer may write 2^64-1.
    static let maximumLifetimeMilliseconds: UInt64 = 86_400_000

    /// Decodes exactly one Interest, as its producer: a wrong parameters digest is refused.
    ///
    /// - Throws: `WireError.incomplete` if octets are missing, `.invalid` if the packet breaks a MUST, is followed by
    ///   more octets or exceeds 8800 octets.
    public init(decoding wire: ByteBuffer) throws(WireError) {
        try self.init(forwarding: wire)
        guard hasValidParametersDigest else { throw .invalid }
    }

    /// Decodes exactly one Interest, as a forwarder does, which leaves the parameters digest unchecked (docs/protocol.md 4.3).
    public init(forwarding wire: ByteBuffer) throws(WireError) {
        var fields = cndn_interest()
        let result = unsafe wire.withOctets { unsafe cndn_interest_decode($0, $1, &fields) }
        try result.check()
        self.wire = wire
        self.fields = fields
    }

    /// The Interest's name, with its digest components; shares the packet's storage.
    public var name: Name { Name(unchecked: wire.slice(fields.name)) }
    /// Whether Data with a longer name may answer.
    public var canBePrefix: Bool { fields.can_be_prefix }
    /// Whether caches answer only with Data that is fresh.
    public var mustBeFresh: Bool { fields.must_be_fresh }

    /// Names of the ForwardingHint; empty when there is none.
    public var forwardingHint: [Name] {
        var reader = TLVReader(wire.slice(fields.forwarding_hint))
        var names: [Name] = []
        while let element = try? reader.next() {
            if element.type == TLVType.name { names.append(Name(unchecked: element.value)) }
        }
        return names
    }

    /// Nonce, its four octets as a big-endian number.
    public var nonce: UInt32? {
        fields.has_nonce ? wire.getInteger(at: wire.readerIndex + Int(fields.nonce)) : nil
    }

    /// InterestLifetime as the packet has it, up to 2^64-1.
    public var lifetimeMilliseconds: UInt64? { fields.has_lifetime ? fields.lifetime : nil }

    /// How long the sender waits: 4 s when it does not say, and never more than a day.
    public var lifetime: TimeAmount {
        let milliseconds = lifetimeMilliseconds ?? Self.defaultLifetimeMilliseconds
        return .milliseconds(Int64(min(milliseconds, Self.maximumLifetimeMilliseconds)))
    }

    /// HopLimit: how many forwarders may still pass it on; nil when the packet does not say.
    public var hopLimit: UInt8? {
        fields.has_hop_limit ? wire.getInteger(at: wire.readerIndex + Int(fields.hop_limit)) : nil
    }

    /// Value of ApplicationParameters; nil when there is no such element.
    public var applicationParameters: ByteBuffer? {
        fields.has_parameters ? wire.slice(fields.parameters) : nil
    }
}

extension Interest {
    /// The packet as a forwarder sends it on.
    ///
    /// - Parameters:
    ///   - nonce: What the Nonce becomes, set in place or inserted; nil leaves the packet as it is.
    ///   - hopLimit: Likewise for the HopLimit.
    public func with(nonce: UInt32?, hopLimit: UInt8?) -> ByteBuffer {
        guard nonce != nil || hopLimit != nil else { return wire }
        // A copy of just this packet: writing into `wire` would copy all of a receive buffer that it is a part of.
        var packet = ByteBuffer(bytes: wire.readableBytesView)
        let insertsNonce = nonce != nil && !fields.has_nonce
        let insertsHopLimit = hopLimit != nil && !fields.has_hop_limit
        if let nonce, !insertsNonce { packet.setInteger(nonce, at: Int(fields.nonce)) }
        if let hopLimit, !insertsHopLimit { packet.setInteger(hopLimit, at: Int(fields.hop_limit)) }
        guard insertsNonce || insertsHopLimit else { return packet }

        let added = (insertsNonce ? 6 : 0) + (insertsHopLimit ? 3 : 0)
        let (first, second) = (Int(fields.nonce), Int(fields.hop_limit))
        var result = ByteBuffer()
        result.reserveCapacity(packet.readableBytes + added + 4)
        result.writeTLVHeader(type: TLVType.interest, length: Int(fields.end) - Int(fields.value) + added)
        result.writeImmutableBuffer(packet.slice(offset: Int(fields.value), length: first - Int(fields.value)))
        if let nonce, insertsNonce {
            result.writeTLVHeader(type: TLVType.nonce, length: 4)
            result.writeInteger(nonce)
        }
        result.writeImmutableBuffer(packet.slice(offset: first, length: second - first))
        if let hopLimit, insertsHopLimit {
            result.writeTLVHeader(type: TLVType.hopLimit, length: 1)
            result.writeInteger(hopLimit)
        }
        result.writeImmutableBuffer(packet.slice(offset: second, length: Int(fields.end) - second))
        return result
    }

    /// The ParametersSha256Digest component's value.
    public var parametersDigest: SHA256Digest? {
        guard fields.has_parameters else { return nil }
        let value = wire.slice(offset: Int(fields.parameters_digest) + 2, length: SHA256Digest.size)
        return SHA256Digest(bytes: value.readableBytesView)
    }

    /// Whether ApplicationParameters and all that follows hash to the digest in the Name; true without parameters.
    public var hasValidParametersDigest: Bool {
        guard let parametersDigest else { return true }
        let start = Int(fields.parameters_start)
        return SHA256.hash(wire.slice(offset: start, length: Int(fields.end) - start)) == parametersDigest
    }

    /// InterestSignatureInfo.
    public var signature: SignatureInfo? {
        fields.has_signature_info ? try? SignatureInfo(value: fields.signature_info, in: wire) : nil
    }

    /// InterestSignatureValue.
    public var signatureValue: ByteBuffer? {
        fields.has_signature_value ? wire.slice(fields.signature_value) : nil
    }

    /// The octets that the signature covers (docs/protocol.md 4.4), copied together: the components of the name but the
    /// ParametersSha256Digest, and the elements from ApplicationParameters up to InterestSignatureValue. Nil when unsigned.
    public var signedPortion: ByteBuffer? {
        guard fields.has_signature_value else { return nil }
        let name = (start: Int(fields.name.offset), end: Int(fields.name.offset) + Int(fields.name.length))
        let digest = Int(fields.parameters_digest)
        let parameters = (start: Int(fields.parameters_start), end: Int(fields.signature_value_start))
        var message = ByteBuffer()
        message.reserveCapacity(name.end - name.start + parameters.end - parameters.start)
        for part in [(name.start, digest), (digest + digestComponentSize, name.end), parameters] {
            message.writeImmutableBuffer(wire.slice(offset: part.0, length: part.1 - part.0))
        }
        return message
    }

    /// Whether the Interest is signed and the signature is genuine, over the octets as received.
    public func verify(with verifier: Verifier) -> Bool {
        guard let signature, let signatureValue, let signedPortion else { return false }
        return verifier.verify(signedPortion, type: signature.type, signature: signatureValue)
    }
}

/// Octets of a ParametersSha256Digest component, TYPE and LENGTH included.
let digestComponentSize = 34
