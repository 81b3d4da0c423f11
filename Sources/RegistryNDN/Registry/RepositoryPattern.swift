internal import NDN

/// A pattern for names of repositories: `team/app`, `team/*` (one component), `team/**` (any number of them), `team/app-*`.
package struct RepositoryPattern: Hashable, Sendable, CustomStringConvertible {
    private let components: [String]

    package var description: String { components.joined(separator: "/") }

    /// The pattern in `text`; nil for one that no repository could match.
    package init?(_ text: String) {
        components = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard !components.contains(where: \.isEmpty) else { return nil }
        // With an `x` in the place of each `*`, the pattern must be a name.
        let example = components.map { $0 == "**" ? "x" : $0.replacing("*", with: "x") }.joined(separator: "/")
        guard RepositoryName(example) != nil else { return nil }
    }

    package func matches(_ repository: RepositoryName) -> Bool {
        Self.matches(components[...], repository.text.split(separator: "/")[...])
    }

    private static func matches(_ pattern: ArraySlice<String>, _ name: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "**" {
            return name.indices.contains { matches(pattern.dropFirst(), name[($0 + 1)...]) }
        }
        guard let component = name.first, matches(Array(first.utf8)[...], Array(component.utf8)[...]) else {
            return false
        }
        return matches(pattern.dropFirst(), name.dropFirst())
    }

    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        // The last `*` seen takes ever more until the rest fits: linear for one, bounded by 255 bytes squared for all.
        var (pattern, text) = (pattern, text)
        var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        while let octet = text.first {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, text)
            } else if pattern.first == octet {
                (pattern, text) = (pattern.dropFirst(), text.dropFirst())
            } else if let before = retry {
                retry = (before.pattern, before.text.dropFirst())
                (pattern, text) = (before.pattern, before.text.dropFirst())
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
