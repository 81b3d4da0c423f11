internal import NDN

/// The base URL of an upstream registry: `https://registry.example`, with an optional path below which it lives.
package struct UpstreamURL: Hashable, Sendable, CustomStringConvertible {
    /// Whether it is https.
    package let isSecure: Bool
    /// Host name or IP address, IPv6 without its brackets.
    package let host: String
    package let port: Int
    /// Empty, or a path with a leading and no trailing slash.
    package let path: String

    /// Reads `text`; the error says which part of it is wrong.
    ///
    /// - Parameter what: what the error calls it.
    package init(_ text: String, named what: String = "upstream URL") throws(UpstreamError) {
        func wrong(_ why: String) -> UpstreamError {
            UpstreamError(.url, "\(what) \"\(Userinfo.hidden(inValue: text))\": \(why)")
        }
        guard let separator = Self.schemeSeparator(in: text) else {
            throw wrong("write it as https://host or http://host:port")
        }
        switch text[..<separator.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: throw wrong("the scheme must be https or http")
        }
        let rest = text[separator.upperBound...]
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw wrong("only printable ASCII is allowed")
        }
        guard !rest.contains("?"), !rest.contains("#") else { throw wrong("a query or fragment is not allowed") }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let (host, port) = Self.parse(authority: rest[..<slash], port: isSecure ? 443 : 80) else {
            throw wrong("the host must be a name or an address, without a user, and the port a number up to 65535")
        }
        self.host = host
        self.port = port
        var path = rest[slash...]
        while path.hasSuffix("/") { path = path.dropLast() }
        self.path = String(path)
    }

    private init(isSecure: Bool, host: String, port: Int) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        path = ""
    }

    /// The same without its path.
    var origin: UpstreamURL { UpstreamURL(isSecure: isSecure, host: host, port: port) }

    private static func schemeSeparator(in text: String) -> Range<String.Index>? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        return colon..<text.index(colon, offsetBy: 3)
    }

    private static func parse(authority: Substring, port: Int) -> (host: String, port: Int)? {
        let host: Substring
        let after: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            after = authority[authority.index(after: end)...]
            guard host.contains(":"),
                host.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit || ":.".utf8.contains($0) })
            else {
                return nil
            }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<colon]
            after = authority[colon...]
            guard !host.isEmpty, host.utf8.allSatisfy({ $0.isLetter || $0.isDigit || "-._".utf8.contains($0) }) else {
                return nil
            }
        }
        guard !after.isEmpty else { return (String(host), port) }
        guard after.first == ":", after.dropFirst().allSatisfy({ $0.isNumber }), let port = Int(after.dropFirst()),
            (1...65535).contains(port)
        else { return nil }
        return (String(host), port)
    }

    /// The value of the Host field (RFC 9110 section 7.2).
    package var authority: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
    }

    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }
}
