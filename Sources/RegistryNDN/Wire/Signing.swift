internal import CNDNFast
public import NIOCore

/// What signs Data packets and Interests.
public enum Signer: Sendable {
    /// SHA-256 without a key: protects against damage, not against forgery.
    case digest
    /// An empty signature of type 200, as the original server sends it.
    case null
    /// HMAC with SHA-256 by a secret; `locator` is the name that verifiers know it by.
    case hmac(key: [UInt8], locator: Name)
    /// A signature by a key; `locator` is the name of its certificate, or of the key (docs/protocol.md 6.2).
    case key(PrivateKey, locator: Name)

    /// SignatureInfo with type and KeyLocator.
    public var signatureInfo: SignatureInfo {
        switch self {
        case .digest: return SignatureInfo(type: SignatureType.digestSha256)
        case .null: return SignatureInfo(type: SignatureType.null)
        case .hmac(_, let locator): return located(SignatureType.hmacWithSha256, locator)
        case .key(let key, let locator): return located(key.signatureType, locator)
        }
    }

    private func located(_ type: UInt64, _ locator: Name) -> SignatureInfo {
        var info = SignatureInfo(type: type)
        info.keyLocator = .name(locator)
        return info
    }

    /// The SignatureValue for the signed octets of a packet.
    public func sign(_ message: ByteBuffer) throws(WireError) -> ByteBuffer {
        switch self {
        case .digest: unsafe SHA256.hash(message).withUnsafeBytes { unsafe ByteBuffer(bytes: $0) }
        case .null: ByteBuffer()
        case .hmac(let key, _): try hmacKey(key).sign(message)
        case .key(let key, _): try key.handle.sign(message)
        }
    }
}

/// What verifies Data packets and Interests. Every other SignatureType than its own fails.
public enum Verifier: Sendable {
    /// The SHA-256 of the octets: whether they are undamaged, whoever made them.
    case digest
    /// HMAC with SHA-256 by a secret that both ends have.
    case hmac(key: [UInt8])
    /// ECDSA, RSA or Ed25519, as the key has it.
    case key(PublicKey)

    /// Whether `signature` of SignatureType `type` was made for `message`.
    public func verify(_ message: ByteBuffer, type: UInt64, signature: ByteBuffer) -> Bool {
        switch self {
        case .digest:
            return type == SignatureType.digestSha256
                && SHA256Digest(bytes: signature.readableBytesView) == SHA256.hash(message)
        case .hmac(let key):
            guard type == SignatureType.hmacWithSha256, let key = try? hmacKey(key) else { return false }
            return key.verify(message, signature: signature)
        case .key(let key):
            return type == key.signatureType && key.handle.verify(message, signature: signature)
        }
    }
}

private func hmacKey(_ octets: [UInt8]) throws(WireError) -> KeyHandle {
    try unsafe KeyHandle(octets.withUnsafeBufferPointer { unsafe cndn_key_hmac($0.baseAddress, $0.count) })
}
