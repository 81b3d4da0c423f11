/// A key that is ready to sign, and the certificates that lead from it to whoever is trusted.
public struct SigningKey: Sendable {
    /// The key's name.
    public let name: Name
    /// What makes the signatures.
    public let key: PrivateKey
    /// Its own certificate first, each further one that of the key that signed the one before, as far as the keychain has
    /// them. Empty for a key without a certificate.
    public let chain: [Certificate]

    /// A key and its certificates.
    ///
    /// - Parameters:
    ///   - name: the key's name, `/<identity>/KEY/<KeyId>`.
    ///   - key: what makes the signatures.
    ///   - chain: its own certificate first; empty for a key without one.
    public init(name: Name, key: PrivateKey, chain: [Certificate]) {
        self.name = name
        self.key = key
        self.chain = chain
    }

    /// What a KeyLocator says: the name of the preferred certificate, else that of the key (docs/protocol.md 6.2).
    public var locator: Name { chain.first?.name ?? name }

    /// Signs packets with this key.
    public var signer: Signer { .key(key, locator: locator) }

    /// Names under which Interests for the certificates come, except those that `prefix` covers: to be registered too.
    public func certificatePrefixes(beside prefix: Name) -> [Name] {
        var names: [Name] = []
        for name in chain.map(\.keyName) where !prefix.isPrefix(of: name) && !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// Whose key it is.
    public var identity: Name { name.dropLast(2) }
}
