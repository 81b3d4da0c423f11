/// Certificates that are answered under their own names, as a verifier asks for them: by the certificate's name, or by the
/// key's name with CanBePrefix (PROTOCOL.md 5.1.5).
public struct ServedCertificates: Sendable {
    private let certificates: [Certificate]

    /// - Parameter chain: Of two that answer the same Interest, the first is sent.
    public init(_ chain: [Certificate] = []) {
        certificates = chain
    }

    /// The packet that answers an Interest; nil when it asks for none of these certificates.
    public func answer(to interest: Interest) -> DataPacket? {
        certificates.first { $0.data.satisfies(interest) }?.data
    }

    /// Names under which Interests for the certificates come, except those that `prefix` covers: to be registered too.
    public func prefixes(beside prefix: Name) -> [Name] {
        var names: [Name] = []
        for name in certificates.map(\.keyName) where !prefix.isPrefix(of: name) && !names.contains(name) {
            names.append(name)
        }
        return names
    }
}
