internal import NDN

/// The name of a repository, `library/alpine`, checked against the grammar of the OCI distribution specification.
///
/// A value of this type is safe inside the path of a URL as it stands: the grammar has no `%`, `?`, `#`, no empty path
/// segment and no `.` or `..` segment.
///
/// OCI distribution specification 1.1, "Pulling manifests": `<name>` MUST match
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`; and many implementations limit it to 255
/// octets, which is a limit here.
package struct RepositoryName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name accepted, in octets.
    package static let maximumLength = 255

    /// The name, ASCII.
    package let text: String

    /// The name in `text`, or nil when it breaks the grammar.
    package init?(_ text: String) { self.init(octets: text.utf8) }

    /// The name in `octets`, or nil when they break the grammar.
    package init?(octets: some Collection<UInt8>) {
        guard octets.count <= Self.maximumLength, Self.isName(octets) else { return nil }
        text = String(decoding: octets, as: UTF8.self)
    }

    package var description: String { text }
}

extension RepositoryName {
    /// What the octet before permits next.
    private enum State {
        /// A path component begins: an alphanumeric must follow.
        case start
        case alphanumeric
        /// A dot, or two underscores: the separator is complete, an alphanumeric must follow.
        case separator
        case underscore
        case dash
    }

    private static func isName(_ octets: some Collection<UInt8>) -> Bool {
        var state = State.start
        for octet in octets {
            guard let next = follow(state, octet) else { return false }
            state = next
        }
        return state == .alphanumeric
    }

    private static func follow(_ state: State, _ octet: UInt8) -> State? {
        switch (octet, state) {
        case _ where octet.isLowercaseLetter || octet.isDigit: .alphanumeric
        case (UInt8(ascii: "/"), .alphanumeric): .start
        case (UInt8(ascii: "."), .alphanumeric): .separator
        case (UInt8(ascii: "_"), .alphanumeric): .underscore
        case (UInt8(ascii: "_"), .underscore): .separator
        case (UInt8(ascii: "-"), .alphanumeric), (UInt8(ascii: "-"), .dash): .dash
        default: nil
        }
    }
}
