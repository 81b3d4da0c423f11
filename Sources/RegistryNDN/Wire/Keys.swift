internal import CNDNFast
public import NIOCore

/// The owner of an OpenSSL key, which several threads use at once: it is not changed after `init` (`ForeignPointer`, shared).
final class KeyHandle: Sendable {
    private let owned: ForeignPointer

    /// Takes over a key that C made; `WireError.invalid` for NULL.
    init(_ key: OpaquePointer?) throws(WireError) {
        guard let key = unsafe key else { throw .invalid }
        owned = unsafe ForeignPointer(key)
    }

    deinit {
        unsafe cndn_key_free(pointer)
    }

    var signatureType: UInt64 { unsafe cndn_key_signature_type(pointer) }

    /// The SignatureValue for a message.
    func sign(_ message: ByteBuffer) throws(WireError) -> ByteBuffer {
        try unsafe output(capacity: Int(CNDN_MAX_SIGNATURE)) { writer in
            unsafe message.withOctets { unsafe cndn_sign(pointer, $0, $1, &writer) }
        }
    }

    var signatureSize: Int { unsafe cndn_key_signature_size(pointer) }

    func verify(_ message: ByteBuffer, signature: ByteBuffer) -> Bool {
        unsafe message.withOctets { octets, count in
            unsafe signature.withOctets { unsafe cndn_verify(pointer, octets, count, $0, $1) }
        }
    }

    func derPublic() throws(WireError) -> ByteBuffer {
        try unsafe output(capacity: 4096) { unsafe cndn_key_write_public(pointer, &$0) }
    }

    func derPrivate() throws(WireError) -> ByteBuffer {
        try unsafe output(capacity: 8192) { unsafe cndn_key_write_private(pointer, &$0) }
    }

    var pointer: OpaquePointer { unsafe owned.pointer }

    private func output(
        capacity: Int, _ body: (inout cndn_writer) -> cndn_result
    ) throws(WireError) -> ByteBuffer {
        var octets = ByteBuffer()
        var result = CNDN_OK
        unsafe octets.write(capacity: capacity) { unsafe result = body(&$0) }
        try result.check()
        return octets
    }
}

/// A key that signs packets: ECDSA, also RSA and Ed25519 (docs/protocol.md 5.3).
public struct PrivateKey: Sendable {
    let handle: KeyHandle

    /// A new ECDSA key on P-256.
    public static func generateP256() throws(WireError) -> PrivateKey {
        PrivateKey(handle: try unsafe KeyHandle(cndn_key_generate_p256()))
    }

    /// Reads a key from DER: unencrypted PKCS#8, SEC1 ECPrivateKey or PKCS#1 RSAPrivateKey.
    public init(der: ByteBuffer) throws(WireError) {
        handle = try unsafe KeyHandle(der.withOctets { unsafe cndn_key_private($0, $1) })
    }

    private init(handle: KeyHandle) {
        self.handle = handle
    }

    /// SignatureType that the key makes.
    public var signatureType: UInt64 { handle.signatureType }

    /// Octets of the longest signature that the key makes.
    public var signatureSize: Int { handle.signatureSize }

    /// The key as unencrypted PKCS#8.
    public func pkcs8() throws(WireError) -> ByteBuffer { try handle.derPrivate() }

    /// The public half, to be put into a certificate.
    public func publicKey() throws(WireError) -> PublicKey { try PublicKey(spki: handle.derPublic()) }

    /// Whether this is the private key of `publicKey`: tried with a signature, since the same key can be written in several
    /// ways (a curve by its name or by its parameters).
    public func matches(_ publicKey: PublicKey) -> Bool {
        let message = ByteBuffer(string: "registry-ndn")
        guard let signature = try? Signer.key(self, locator: Name()).sign(message) else { return false }
        return Verifier.key(publicKey).verify(message, type: signatureType, signature: signature)
    }
}

/// A key that verifies signatures: ECDSA, also RSA and Ed25519 (docs/protocol.md 5.3).
public struct PublicKey: Sendable {
    let handle: KeyHandle

    /// DER SubjectPublicKeyInfo.
    public let spki: ByteBuffer

    /// Reads a key from a DER SubjectPublicKeyInfo.
    public init(spki: ByteBuffer) throws(WireError) {
        handle = try unsafe KeyHandle(spki.withOctets { unsafe cndn_key_public($0, $1) })
        self.spki = spki.slice()
    }

    /// SignatureType that the key verifies.
    public var signatureType: UInt64 { handle.signatureType }
}
