internal import NDN

/// The names by which people and programs know an endpoint. Beside those that are given count localhost and every IP address: no web
/// page has such a name unless it was loaded from there, and so no page of another site can have a browser take the endpoint for its
/// own host (DNS rebinding).
package struct OwnHosts: Hashable, Sendable {
    private let names: Set<String>

    /// - Parameter names: with or without a port.
    package init(_ names: [String] = []) { self.names = Set(names.compactMap(Self.canonical)) }

    /// Whether a Host field names the endpoint.
    func contains(_ host: String) -> Bool {
        guard let name = Self.canonical(host) else { return false }
        return name == "localhost" || IPAddress.family(of: name) != nil || names.contains(name)
    }

    /// A Host field (RFC 9110 section 7.2) without its port, brackets and final dot; nil when it is none.
    private static func canonical(_ text: String) -> String? {
        var name = text[...]
        if name.hasPrefix("[") {
            guard let end = name.firstIndex(of: "]"), isPort(name[name.index(after: end)...]) else { return nil }
            name = name[name.index(after: name.startIndex)..<end]
            return IPAddress.family(of: name) == .v6 ? String(name) : nil
        }
        if let colon = name.firstIndex(of: ":") {
            guard isPort(name[colon...]) else { return nil }
            name = name[..<colon]
        }
        if name.hasSuffix(".") { name = name.dropLast() }
        return RegistryHost(name)?.text
    }

    /// Whether a text is empty, or a colon and a number.
    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.first == ":" && text.dropFirst().utf8.allSatisfy(\.isDigit)
    }
}
