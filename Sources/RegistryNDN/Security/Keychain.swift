/// Keys and certificates, and which of them signs what; no input or output (see `KeychainFolder`).
public struct Keychain: Sendable {
    /// The private keys, encrypted ones included.
    public internal(set) var keys: [StoredKey]
    /// The certificates, of these keys and of others.
    public internal(set) var certificates: [Certificate]
    /// Names of the keys or certificates that count as default, the latest choice first.
    public internal(set) var defaults: [Name]
    /// Files that could not be read.
    public internal(set) var problems: [SecurityError]

    /// A keychain of what was read.
    ///
    /// - Parameters:
    ///   - keys: private keys.
    ///   - certificates: of these keys and of others.
    ///   - defaults: names of the keys or certificates that count as default, the latest choice first.
    ///   - problems: files that could not be read.
    public init(
        keys: [StoredKey] = [], certificates: [Certificate] = [], defaults: [Name] = [], problems: [SecurityError] = []
    ) {
        self.keys = keys
        self.certificates = certificates
        self.defaults = defaults
        self.problems = problems
    }

    /// The key of exactly this name.
    public func key(named name: Name) -> StoredKey? { keys.first { $0.name == name } }

    /// The certificates of a key, the one to sign with first: one chosen as default, then one that is valid now, then one
    /// that another key issued, then the latest version.
    ///
    /// - Parameters:
    ///   - key: the key's name, `/<identity>/KEY/<KeyId>`.
    ///   - now: milliseconds since 1970.
    public func certificates(of key: Name, now: UInt64) -> [Certificate] {
        func rank(_ certificate: Certificate) -> (Int, Int, Int, UInt64) {
            (
                defaults.contains(certificate.name) ? 1 : 0, certificate.validity.contains(now) ? 1 : 0,
                certificate.isSelfSigned ? 0 : 1, certificate.version.number ?? 0
            )
        }
        return certificates.filter { $0.keyName == key && $0.issuerID != Certificate.requestIssuer }
            .sorted { rank($0) > rank($1) }
    }

    /// The key that signs what is named `name`: of the longest identity that is a prefix of the name; of several keys, the
    /// default one, then the one with the latest certificate that is valid now. Nil when no key is good for the name.
    public func key(for name: Name, now: UInt64) -> StoredKey? {
        best(keys.filter { $0.name.dropLast(2).isPrefix(of: name) }, now: now)
    }

    /// The key chosen last as default; without a choice, the only key of the keychain.
    public var defaultKey: StoredKey? {
        defaults.lazy.compactMap { name in name.keyName.flatMap { key(named: $0) } }.first
            ?? (keys.count == 1 ? keys.first : nil)
    }

    /// The key that a person means by a name: a key's, a certificate's, or an identity's.
    public func key(meantBy name: Name, now: UInt64) -> StoredKey? {
        if let key = name.keyName.flatMap({ key(named: $0) }) { return key }
        return best(keys.filter { $0.name.dropLast(2) == name }, now: now)
    }

    private func best(_ candidates: [StoredKey], now: UInt64) -> StoredKey? {
        func rank(_ key: StoredKey) -> (Int, Int, Int, UInt64) {
            let place = defaults.firstIndex { $0.keyName == key.name }
            let certificate = certificates(of: key.name, now: now).first
            return (
                key.name.count, place.map { defaults.count - $0 } ?? 0,
                certificate?.validity.contains(now) == true ? 1 : 0, certificate?.version.number ?? 0
            )
        }
        return candidates.max { rank($0) < rank($1) }
    }

    /// A certificate of the keychain and those of the keys that signed it, in order; ends with one that signed itself, one
    /// whose issuer is not here, or before one that comes a second time.
    public func chain(from certificate: Certificate, now: UInt64) -> [Certificate] {
        var chain = [certificate]
        while let last = chain.last, !last.isSelfSigned, let issuer = last.issuer, let key = issuer.keyName {
            let candidates = certificates(of: key, now: now)
            guard let next = candidates.first(where: { $0.name == issuer }) ?? candidates.first,
                !chain.contains(where: { $0.keyName == next.keyName })
            else { break }
            chain.append(next)
        }
        return chain
    }

    /// A key made ready to sign.
    public func unlock(_ key: StoredKey, passphrase: Passphrase?, now: UInt64) throws(SecurityError) -> SigningKey {
        let secret = try key.unlock(passphrase)
        let certificate = certificates(of: key.name, now: now).first
        if let certificate, !secret.matches(certificate.publicKey) {
            throw SecurityError(.mismatch, "the certificate \(certificate.name.uri) is not for the key of its name")
        }
        return SigningKey(
            name: key.name, key: secret, chain: certificate.map { chain(from: $0, now: now) } ?? [])
    }

    /// The key that signs what is named `name`, ready to sign; nil when the keychain has none.
    ///
    /// - Parameters:
    ///   - name: what is to be signed.
    ///   - passphrase: opens the key if it is encrypted.
    ///   - now: milliseconds since 1970.
    /// - Throws: `SecurityError.passphraseNeeded` for an encrypted key without a passphrase, `.wrongPassphrase`.
    public func signingKey(
        for name: Name, passphrase: Passphrase? = nil, now: UInt64
    ) throws(SecurityError) -> SigningKey? {
        guard let key = key(for: name, now: now) else { return nil }
        return try unlock(key, passphrase: passphrase, now: now)
    }
}

extension Keychain {
    /// A certificate that asks another to issue one: signed by the key itself, IssuerId `cert-request`.
    ///
    /// - Parameters:
    ///   - key: the key to be certified.
    ///   - now: milliseconds since 1970; the request is valid for ten days from then.
    public static func request(_ key: SigningKey, now: UInt64) throws(SecurityError) -> Certificate {
        let second = Int64(now / 1000)
        let terms = Certificate.Terms(
            issuerID: Certificate.requestIssuer, version: now,
            validity: ValidityPeriod(notBefore: second - 1, notAfter: second + 10 * 86_400))
        return try Certificate.selfSigned(key.key, named: key.name, terms: terms)
    }

    /// A certificate for the key of a request, signed by `issuer`, whose certificate's name becomes the KeyLocator.
    ///
    /// - Throws: `SecurityError.mismatch` when the request was not made with the key that it is for, or when the issuer's
    ///   identity is no prefix of the request's: by the hierarchical rule nobody would trust such a certificate.
    public static func issue(
        _ request: Certificate, by issuer: SigningKey, terms: Certificate.Terms
    ) throws(SecurityError) -> Certificate {
        guard request.isSelfSigned, request.isSigned(by: request.publicKey) else {
            throw SecurityError(
                .mismatch, "\(request.name.uri) is not signed by its own key: nobody shows to have the private key")
        }
        guard issuer.identity.isPrefix(of: request.identity) else {
            throw SecurityError(
                .mismatch,
                "a key of \(issuer.identity.uri) cannot vouch for \(request.identity.uri): only for names under its own"
            )
        }
        return try Certificate.issue(
            request.publicKey, named: request.keyName, terms: terms, signer: issuer.signer)
    }
}
