extension Keychain {
    /// A certificate that asks another to issue one: signed by the key itself, IssuerId `cert-request`.
    ///
    /// - Parameter now: Milliseconds since 1970.
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
