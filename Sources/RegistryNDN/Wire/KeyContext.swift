internal import CNDNFast
package import NIOCore

/// An ECDSA key made ready for many messages whose SHA-256 is known. Owned by one thread at a time.
package struct KeyContext: ~Copyable {
    /// The C context, moved from thread to thread with this value (`ForeignPointer`).
    private let owned: ForeignPointer

    /// To sign; nil for a key of another kind.
    package init?(signing key: PrivateKey) {
        guard let context = unsafe cndn_key_context_signing(key.handle.pointer) else { return nil }
        owned = unsafe ForeignPointer(context)
    }

    /// To verify; nil for a key of another kind.
    package init?(verifying key: PublicKey) {
        guard let context = unsafe cndn_key_context_verifying(key.handle.pointer) else { return nil }
        owned = unsafe ForeignPointer(context)
    }

    deinit {
        unsafe cndn_key_context_free(context)
    }

    private var context: OpaquePointer { unsafe owned.pointer }

    /// The SignatureValue; nil if OpenSSL failed.
    package func sign(_ digest: SHA256Digest) -> ByteBuffer? {
        var signature = ByteBuffer()
        // An ECDSA signature has 70 to 72 octets as a rule with P-256; with larger curves up to 139.
        unsafe signature.write(capacity: 160) { writer in
            unsafe digest.withUnsafeBytes { octets in
                _ = unsafe cndn_context_sign(
                    context, octets.baseAddress?.assumingMemoryBound(to: UInt8.self), &writer)
            }
        }
        return signature.readableBytes > 0 ? signature : nil
    }

    package func verify(_ digest: SHA256Digest, signature: ByteBuffer) -> Bool {
        unsafe digest.withUnsafeBytes { octets in
            unsafe signature.withOctets {
                unsafe cndn_context_verify(
                    context, octets.baseAddress?.assumingMemoryBound(to: UInt8.self), $0, $1)
            }
        }
    }
}

/// Verifies Data packets one after the other, faster than each by itself while their keys are the same ECDSA key. Owned by
/// one thread at a time.
package struct DataVerification: ~Copyable {
    private var key: KeyHandle?
    private var context: KeyContext?
    private var hasher = SHA256()

    package init() {}

    /// Whether the signature of a packet is genuine.
    package mutating func verify(_ data: DataPacket, with key: PublicKey) -> Bool {
        guard data.signature.type == SignatureType.sha256WithECDSA else { return data.verify(with: .key(key)) }
        if self.key !== key.handle {
            context = KeyContext(verifying: key)
            self.key = key.handle
        }
        hasher.restart()
        hasher.update(data.signedPortion)
        let digest = hasher.finish()
        return context?.verify(digest, signature: data.signatureValue) ?? false
    }
}
