internal import COpenSSL
internal import NIOCore

/// PKCS#8 EncryptedPrivateKeyInfo (RFC 5958), by OpenSSL: what encrypted PEM files and SafeBags hold.
enum EncryptedPKCS8 {
    /// As ndnsec writes it with OpenSSL 3: PBES2 { PBKDF2 { 8-octet salt, 2048 iterations, hmacWithSHA256 }, aes-256-cbc };
    /// files of our own get more iterations.
    static let exportIterations: Int32 = 2048
    static let keychainIterations: Int32 = 100_000

    /// Encrypts an unencrypted PKCS#8.
    static func encrypt(
        _ pkcs8: ByteBuffer, passphrase: Passphrase, iterations: Int32
    ) throws(SecurityError) -> ByteBuffer {
        let info = unsafe decode(pkcs8, d2i_PKCS8_PRIV_KEY_INFO)
        guard let info = unsafe info else { throw SecurityError(.malformed, "not a PKCS#8 private key") }
        // Returns NULL on failure; frees nothing of its arguments.
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        let sealed = unsafe passphrase.octets.withUnsafeBytes { octets in
            // pbe_nid -1: PBES2, whose PRF is hmacWithSHA256 by default; a NULL salt makes a random one of 8 octets.
            unsafe PKCS8_encrypt(
                -1, EVP_aes_256_cbc(), octets.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(octets.count),
                nil,
                8, iterations, info)
        }
        guard let sealed = unsafe sealed else { throw failure("the private key cannot be encrypted") }
        defer { unsafe X509_SIG_free(sealed) }
        return unsafe try encode { unsafe i2d_X509_SIG(sealed, $0) }
    }

    /// The unencrypted PKCS#8 inside.
    static func decrypt(_ octets: ByteBuffer, passphrase: Passphrase) throws(SecurityError) -> ByteBuffer {
        guard let sealed = unsafe decode(octets, d2i_X509_SIG) else {
            throw failure("not an encrypted PKCS#8 private key")
        }
        defer { unsafe X509_SIG_free(sealed) }
        let info = unsafe passphrase.octets.withUnsafeBytes { octets in
            unsafe PKCS8_decrypt(
                sealed, octets.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(octets.count))
        }
        // A wrong passphrase shows as wrong padding, or (1 of 256) as octets that are no key.
        guard let info = unsafe info else {
            throw failure("the passphrase does not open the private key", .wrongPassphrase)
        }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        return unsafe try encode { unsafe i2d_PKCS8_PRIV_KEY_INFO(info, $0) }
    }

    /// Whether the octets are an EncryptedPrivateKeyInfo.
    static func isEncrypted(_ octets: ByteBuffer) -> Bool {
        guard let sealed = unsafe decode(octets, d2i_X509_SIG) else {
            ERR_clear_error()
            return false
        }
        unsafe X509_SIG_free(sealed)
        return true
    }

    private typealias Decoder = (
        UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, Int
    ) -> OpaquePointer?

    /// Runs a d2i function, which returns NULL on failure and must take all octets.
    private static func decode(_ octets: ByteBuffer, _ d2i: Decoder) -> OpaquePointer? {
        unsafe octets.withUnsafeReadableBytes { bytes in
            var place = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return unsafe d2i(nil, &place, bytes.count)
        }
    }

    /// Runs an i2d function, which allocates what it writes and returns its length, 0 or less on failure.
    private static func encode(
        _ i2d: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) -> Int32
    ) throws(SecurityError) -> ByteBuffer {
        var place: UnsafeMutablePointer<UInt8>?
        let length = unsafe i2d(&place)
        guard let octets = unsafe place, length > 0 else { throw failure("the private key cannot be encoded") }
        defer { unsafe CRYPTO_clear_free(octets, Int(length), nil, 0) }
        return unsafe ByteBuffer(bytes: UnsafeBufferPointer(start: octets, count: Int(length)))
    }

    /// Empties OpenSSL's queue of reasons, where a TLS session would stumble over them.
    private static func failure(_ message: String, _ code: SecurityError.Code = .malformed) -> SecurityError {
        ERR_clear_error()
        return SecurityError(code, message)
    }
}
