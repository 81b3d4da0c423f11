internal import NDN

/// Why no router was found: what went wrong, and what to do about it.
package struct DiscoveryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A sentence for people.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
