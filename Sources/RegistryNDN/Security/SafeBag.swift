public import NIOCore

/// A certificate with its private key, encrypted: how keys travel between NDN programs (docs/protocol.md 6.3).
public struct SafeBag: Sendable {
    static let type: UInt32 = 128
    private static let encryptedKeyType: UInt32 = 129

    /// The certificate of the key in the bag.
    public let certificate: Certificate
    /// PKCS#8 EncryptedPrivateKeyInfo.
    private let encryptedKey: ByteBuffer

    /// - Throws: `SecurityError.mismatch` when the key is not that of the certificate.
    public init(_ certificate: Certificate, _ key: PrivateKey, passphrase: Passphrase) throws(SecurityError) {
        try Self.check(certificate, key)
        guard let plain = try? key.pkcs8() else { throw SecurityError(.malformed, "the key cannot be written") }
        self.certificate = certificate
        encryptedKey = try EncryptedPKCS8.encrypt(
            plain, passphrase: passphrase, iterations: EncryptedPKCS8.exportIterations)
    }

    /// Decodes exactly one SafeBag.
    ///
    /// - Throws: `SecurityError.malformed`.
    public init(decoding wire: ByteBuffer) throws(SecurityError) {
        guard let bag = try? TLVElement(decoding: wire), bag.type == Self.type else {
            throw SecurityError(.malformed, "not one whole SafeBag")
        }
        // These two in this order, and nothing else (docs/protocol.md 6.3).
        var reader = bag.children
        guard let first = try? reader.next(), first.type == TLVType.data,
            let second = try? reader.next(), second.type == Self.encryptedKeyType, reader.isAtEnd
        else {
            throw SecurityError(.malformed, "a SafeBag holds a certificate, then an encrypted key, and nothing else")
        }
        var packet = ByteBuffer()
        packet.writeTLV(type: first.type, first.value)
        certificate = try Certificate(decoding: packet)
        guard EncryptedPKCS8.isEncrypted(second.value) else {
            throw SecurityError(.malformed, "the key in the SafeBag is no encrypted PKCS#8")
        }
        encryptedKey = second.value
    }

    /// Reads the text form, base64, or the element itself.
    public init(any octets: ByteBuffer) throws(SecurityError) {
        var wire = octets
        if octets.getInteger(at: octets.readerIndex, as: UInt8.self) != UInt8(Self.type) {
            guard let decoded = Base64.decode(octets.readableBytesView), !decoded.isEmpty else {
                throw SecurityError(.malformed, "no SafeBag: its file is base64, whole")
            }
            wire = ByteBuffer(bytes: decoded)
        }
        try self.init(decoding: wire)
    }

    /// The element, to be put into a file as it is or as base64.
    public func encode() -> ByteBuffer {
        var value = certificate.data.wire
        value.writeTLV(type: Self.encryptedKeyType, encryptedKey)
        var bag = ByteBuffer()
        bag.writeTLV(type: Self.type, value)
        return bag
    }

    /// The text form: base64 in lines of 64 columns.
    public var file: String { Base64.encode(encode().readableBytesView) }

    /// The private key, found to be that of the certificate.
    ///
    /// - Throws: `SecurityError.wrongPassphrase`, `.mismatch`, `.malformed`.
    public func key(passphrase: Passphrase) throws(SecurityError) -> PrivateKey {
        let plain = try EncryptedPKCS8.decrypt(encryptedKey, passphrase: passphrase)
        guard let key = try? PrivateKey(der: plain) else {
            throw SecurityError(.malformed, "the key in the SafeBag is of a kind that this program does not know")
        }
        try Self.check(certificate, key)
        return key
    }

    private static func check(_ certificate: Certificate, _ key: PrivateKey) throws(SecurityError) {
        guard key.matches(certificate.publicKey) else {
            throw SecurityError(.mismatch, "the private key is not that of the certificate \(certificate.name.uri)")
        }
    }
}
