/// Why a packet is not trusted: which rule failed for which name.
public struct TrustFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a packet, or a certificate on the way to an anchor, must be, in the words of its failure.
    public enum Rule: String, Hashable, Sendable {
        /// The packet names no key or certificate that signed it.
        case noKeyLocator = "the packet names no key or certificate that signed it"
        /// The key's identity is no prefix of the packet's name.
        case foreignKey = "the key's identity is no prefix of the name"
        /// The certificate did not arrive in time.
        case unreachable = "the certificate did not arrive"
        /// What arrived for the KeyLocator is no certificate of this key, or a mere request for one.
        case notACertificate = "what arrived for the KeyLocator is not a certificate of this key"
        /// The certificate is expired or not yet valid.
        case notValidNow = "the certificate is expired or not yet valid"
        /// The signature was not made by the key over these octets.
        case forged = "the signature is not genuine"
        /// More certificates than ``TrustPolicy/maximumDepth`` lie between the packet and an anchor.
        case tooLong = "the chain of certificates is too long"
        /// The chain of certificates leads back to itself.
        case loop = "the chain of certificates leads back to itself"
        /// The chain of certificates ends in a key that is no trust anchor.
        case unknownAnchor = "the chain of certificates ends in a key that is no trust anchor"
    }

    /// What failed.
    public let rule: Rule
    /// Of the packet, certificate or key that the rule failed for.
    public let name: Name

    public var description: String { "\(name.uri): \(rule.rawValue)" }
}

/// The hierarchical rule: a key of `/<identity>/KEY/…` signs names under its identity, and is trusted when it is an anchor's
/// or its certificate is signed by a key that is trusted for it. Pure: no packets are fetched here.
public struct TrustPolicy: Sendable {
    /// Certificates between a packet and an anchor, at most.
    public static let maximumDepth = 5

    let anchors: [Certificate]

    /// A policy that trusts these certificates, and what they lead to (docs/protocol.md 6.4).
    public init(anchors: [Certificate]) {
        self.anchors = anchors
    }

    /// What is to be done about a key.
    enum Step {
        /// The key of an anchor.
        case anchor(PublicKey)
        /// The certificate is to be fetched by this name: its own, or its key's with CanBePrefix.
        case fetch(Name, canBePrefix: Bool)
    }

    /// The name that the KeyLocator of a packet tells, if its key may sign `name`.
    func locator(of signature: SignatureInfo, signing name: Name) throws(TrustFailure) -> Name {
        guard case .name(let locator)? = signature.keyLocator, let identity = locator.identity else {
            throw TrustFailure(rule: .noKeyLocator, name: name)
        }
        // A certificate is for its identity, whatever else its name has behind.
        let subject = name.isCertificateName ? name.identity ?? name : name
        guard identity.isPrefix(of: subject) else { throw TrustFailure(rule: .foreignKey, name: name) }
        return locator
    }

    /// How to get the key of a KeyLocator.
    ///
    /// - Parameters:
    ///   - chain: Keys whose certificates lead here, the packet's first.
    ///   - now: Milliseconds since 1970.
    func step(for locator: Name, chain: [Name], now: UInt64) throws(TrustFailure) -> Step {
        guard let key = locator.keyName else { throw TrustFailure(rule: .noKeyLocator, name: locator) }
        let known = anchors.filter { $0.keyName == key }
        if let anchor = known.first(where: { $0.validity.contains(now) }) { return .anchor(anchor.publicKey) }
        guard known.isEmpty else { throw TrustFailure(rule: .notValidNow, name: known[0].name) }
        guard !chain.contains(key) else { throw TrustFailure(rule: .loop, name: locator) }
        guard chain.count < Self.maximumDepth else { throw TrustFailure(rule: .tooLong, name: locator) }
        return .fetch(locator, canBePrefix: !locator.isCertificateName)
    }

    /// A certificate that arrived for a KeyLocator, its signature apart.
    func certificate(_ data: DataPacket, for locator: Name, now: UInt64) throws(TrustFailure) -> Certificate {
        guard let certificate = try? Certificate(data), locator.isPrefix(of: certificate.name),
            certificate.issuerID != Certificate.requestIssuer
        else { throw TrustFailure(rule: .notACertificate, name: locator) }
        guard certificate.validity.contains(now) else { throw TrustFailure(rule: .notValidNow, name: certificate.name) }
        // Its own key vouches for nothing: no anchor has it.
        guard !certificate.isSelfSigned else { throw TrustFailure(rule: .unknownAnchor, name: certificate.name) }
        return certificate
    }
}
