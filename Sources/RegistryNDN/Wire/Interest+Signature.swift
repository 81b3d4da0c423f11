internal import CNDNFast
public import NIOCore

/// Octets of a ParametersSha256Digest component, TYPE and LENGTH included.
let digestComponentSize = 34

extension Interest {
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
