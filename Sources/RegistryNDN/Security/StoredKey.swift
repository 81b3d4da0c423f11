internal import NIOCore

/// A private key as it lies in a file: PKCS#8, encrypted or not.
public struct StoredKey: Sendable {
    /// The key's name, `<identity>/KEY/<KeyId>`.
    public let name: Name
    /// Whether a passphrase is needed to use it.
    public let isEncrypted: Bool
    /// DER: PrivateKeyInfo or EncryptedPrivateKeyInfo.
    private let octets: ByteBuffer

    private static let plainLabel = "PRIVATE KEY"
    private static let encryptedLabel = "ENCRYPTED PRIVATE KEY"
    private static let nameField = "Key-Name: "

    /// A key to be stored, encrypted when there is a passphrase.
    public init(_ key: PrivateKey, name: Name, passphrase: Passphrase?) throws(SecurityError) {
        guard name.isKeyName else {
            throw SecurityError(.malformed, "\(name.uri) is no key's name, <identity>/KEY/<key>")
        }
        guard let plain = try? key.pkcs8() else { throw SecurityError(.malformed, "the key cannot be written") }
        self.name = name
        isEncrypted = passphrase != nil
        if let passphrase {
            octets = try EncryptedPKCS8.encrypt(
                plain, passphrase: passphrase, iterations: EncryptedPKCS8.keychainIterations)
        } else {
            octets = plain
        }
    }

    /// Reads a file of the keychain: PEM of PKCS#8 under a line that tells the name.
    public init(file text: String) throws(SecurityError) {
        let pem = try PEM(text)
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(Self.nameField) }
        guard let line, let name = try? Name(uri: String(line.dropFirst(Self.nameField.count))), name.isKeyName else {
            throw SecurityError(.malformed, "no line \(Self.nameField)/<identity>/KEY/<key> in the key's file")
        }
        guard pem.label == Self.plainLabel || pem.label == Self.encryptedLabel else {
            throw SecurityError(.malformed, "a key's file holds PRIVATE KEY or ENCRYPTED PRIVATE KEY, not \(pem.label)")
        }
        self.name = name
        isEncrypted = pem.label == Self.encryptedLabel
        octets = pem.octets
        guard isEncrypted ? EncryptedPKCS8.isEncrypted(octets) : (try? PrivateKey(der: octets)) != nil else {
            throw SecurityError(.malformed, "the key's file is damaged: what it holds is no PKCS#8 private key")
        }
    }

    /// What the file holds.
    var file: String {
        Self.nameField + name.uri + "\n"
            + PEM(label: isEncrypted ? Self.encryptedLabel : Self.plainLabel, octets: octets).text
    }

    /// The key itself.
    ///
    /// - Throws: `SecurityError.passphraseNeeded`, `.wrongPassphrase`.
    public func unlock(_ passphrase: Passphrase?) throws(SecurityError) -> PrivateKey {
        let place = "the key \(name.uri)"
        var plain = octets
        if isEncrypted {
            guard let passphrase else {
                throw SecurityError(.passphraseNeeded, "\(place) is encrypted: give its passphrase")
            }
            do {
                plain = try EncryptedPKCS8.decrypt(octets, passphrase: passphrase)
            } catch {
                throw error.at(place)
            }
        }
        guard let key = try? PrivateKey(der: plain) else {
            throw SecurityError(.malformed, "\(place) is of a kind that this program does not know")
        }
        return key
    }
}
