public import NIOCore

/// An Interest to be encoded (docs/protocol.md 4).
public struct InterestBuilder: Sendable {
    /// What is asked for; at least one component.
    public var name: Name
    /// Whether Data with a longer name may answer.
    public var canBePrefix = false
    /// Whether caches answer only with Data that is fresh.
    public var mustBeFresh = false
    /// Names by which forwarders may find a way when they have no route for the Interest's own.
    public var forwardingHint: [Name] = []
    /// Nil leaves the Nonce out, which only an application may do.
    public var nonce: UInt32?
    /// Nil leaves InterestLifetime out, which means 4 s.
    public var lifetimeMilliseconds: UInt64?
    /// How many forwarders may pass it on; nil leaves HopLimit out, and there is no limit.
    public var hopLimit: UInt8?
    /// With parameters, `encode` puts the ParametersSha256Digest component into the name.
    public var applicationParameters: ByteBuffer?

    /// An Interest of this name with no options.
    public init(name: Name) {
        self.name = name
    }

    /// The Interest, unsigned.
    ///
    /// A ParametersSha256Digest component that the name has already is corrected in its place, otherwise it is appended.
    ///
    /// - Throws: `WireError.invalid` for an empty name, a second digest component, or one without parameters;
    ///   `.noSpace` if the packet exceeds 8800 octets.
    public func encode() throws(WireError) -> ByteBuffer {
        let digests = name.components.indices { $0.type == NameComponent.parametersDigestType }.ranges
        guard let applicationParameters else {
            guard digests.isEmpty else { throw .invalid }
            return try encode(name, parameters: ByteBuffer())
        }
        var parameters = ByteBuffer()
        parameters.writeTLV(type: TLVType.applicationParameters, applicationParameters)
        guard let place = digests.first else { return try encode(name + parameters, parameters: parameters) }
        guard digests.count == 1, place.count == 1 else { throw .invalid }
        let before = name.prefix(place.lowerBound) + parameters
        return try encode(Name(before.components + name.components[place.upperBound...]), parameters: parameters)
    }

    /// The Interest, signed as format v0.3 has it, with SignatureTime and SignatureNonce.
    ///
    /// - Parameters:
    ///   - signer: makes the signature.
    ///   - time: Milliseconds since 1970; must rise with every Interest of one key.
    ///   - signatureNonce: Fresh and random; written as 8 octets.
    public func encodeSigned(
        with signer: Signer, time: UInt64, signatureNonce: UInt64
    ) throws(WireError) -> ByteBuffer {
        var info = signer.signatureInfo
        info.nonce = ByteBuffer(integer: signatureNonce)
        info.time = time
        return try encodeSigned(with: signer, info: info)
    }

    /// The Interest, signed as format v0.3 has it, with an InterestSignatureInfo of the caller's making.
    public func encodeSigned(with signer: Signer, info: SignatureInfo) throws(WireError) -> ByteBuffer {
        let name = Name(name.components.filter { $0.type != NameComponent.parametersDigestType })
        var parameters = ByteBuffer()
        parameters.writeTLV(type: TLVType.applicationParameters, applicationParameters ?? ByteBuffer())
        info.encode(type: TLVType.interestSignatureInfo, into: &parameters)
        var message = name.value
        message.writeImmutableBuffer(parameters)
        parameters.writeTLV(type: TLVType.interestSignatureValue, try signer.sign(message))
        return try encode(name + parameters, parameters: parameters)
    }

    private func encode(_ name: Name, parameters: ByteBuffer) throws(WireError) -> ByteBuffer {
        guard !name.isEmpty else { throw .invalid }
        var value = ByteBuffer()
        value.reserveCapacity(name.encodedSize + parameters.readableBytes + 40)
        name.encode(into: &value)
        if canBePrefix { value.writeTLVHeader(type: TLVType.canBePrefix, length: 0) }
        if mustBeFresh { value.writeTLVHeader(type: TLVType.mustBeFresh, length: 0) }
        if !forwardingHint.isEmpty {
            value.writeTLV(type: TLVType.forwardingHint) { hint in
                for name in forwardingHint { name.encode(into: &hint) }
            }
        }
        if let nonce { value.writeTLV(type: TLVType.nonce, ByteBuffer(integer: nonce)) }
        if let lifetimeMilliseconds { value.writeTLV(type: TLVType.interestLifetime, number: lifetimeMilliseconds) }
        if let hopLimit { value.writeTLV(type: TLVType.hopLimit, ByteBuffer(integer: hopLimit)) }
        value.writeImmutableBuffer(parameters)
        var packet = ByteBuffer()
        packet.writeTLV(type: TLVType.interest, value)
        guard packet.readableBytes <= DataPacket.maximumSize else { throw .noSpace }
        return packet
    }
}

extension Name {
    /// The name with the ParametersSha256Digest component of the elements from ApplicationParameters on.
    fileprivate static func + (name: Name, parameters: ByteBuffer) -> Name {
        let digest = ByteBuffer(bytes: SHA256.hash(parameters).bytes)
        return name.appending(NameComponent(unchecked: NameComponent.parametersDigestType, digest))
    }
}
