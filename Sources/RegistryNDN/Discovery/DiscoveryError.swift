/// Why no router was found: what went wrong, and what to do about it.
public struct DiscoveryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A sentence for people.
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
