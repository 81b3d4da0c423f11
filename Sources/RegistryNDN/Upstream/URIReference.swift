internal import NDN

/// A URI reference (RFC 3986 section 4.1), cut into its parts; each stands as it was written.
struct URIReference: Hashable, Sendable, CustomStringConvertible {
    /// The scheme in lower case.
    var scheme: String?
    var authority: String?
    var path: String
    var query: String?
    var fragment: String?

    init(scheme: String?, authority: String?, path: String, query: String?, fragment: String?) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.query = query
        self.fragment = fragment
    }

    /// Cuts `text` as RFC 3986 appendix B does: any text has parts, whether or not they are made of what a URI may hold.
    init(_ text: some StringProtocol) {
        var rest = Substring(text)
        fragment = Self.cut(&rest, from: "#")
        query = Self.cut(&rest, from: "?")
        if let colon = rest.utf8.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(rest[..<colon]) {
            scheme = rest[..<colon].lowercased()
            rest = rest[rest.utf8.index(after: colon)...]
        }
        if rest.utf8.starts(with: "//".utf8) {
            rest = Substring(rest.utf8.dropFirst(2))
            let end = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            authority = String(rest[..<end])
            rest = rest[end...]
        }
        path = String(rest)
    }

    /// The URL of a request to `base`.
    ///
    /// - Parameter target: path and query, below the path of the base.
    init(_ base: UpstreamURL, target: some StringProtocol) {
        var rest = Substring(target)
        query = Self.cut(&rest, from: "?")
        path = base.path + rest
        scheme = base.isSecure ? "https" : "http"
        authority = base.authority
    }

    /// What the reference means where it stands in an answer to a request for `base` (RFC 3986 section 5.2.2).
    func resolved(against base: URIReference) -> URIReference {
        var target = self
        if scheme == nil {
            target.scheme = base.scheme
            if authority == nil {
                target.authority = base.authority
                if path.isEmpty {
                    target.path = base.path
                    target.query = query ?? base.query
                } else if path.utf8.first != UInt8(ascii: "/") {
                    target.path = base.folder + path
                }
            }
        }
        target.path = Self.withoutDotSegments(target.path)
        return target
    }

    /// The path up to its last slash, or the root of an authority that has no path (RFC 3986 section 5.2.3).
    private var folder: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return authority == nil ? "" : "/" }
        return String(path[...slash])
    }

    /// RFC 3986 section 5.2.4, for paths that begin at the root; others have no segment to go back to.
    private static func withoutDotSegments(_ path: String) -> String {
        guard path.utf8.first == UInt8(ascii: "/") else { return path }
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var kept: [String] = []
        for (number, segment) in segments.enumerated() {
            let text = String(Substring(segment))
            guard text == "." || text == ".." else {
                kept.append(text)
                continue
            }
            // The first is what stands before the root.
            if text == "..", kept.count > 1 { kept.removeLast() }
            if number == segments.count - 1 { kept.append("") }
        }
        return kept.joined(separator: "/")
    }

    private static func cut(_ text: inout Substring, from delimiter: Unicode.Scalar) -> String? {
        guard let start = text.utf8.firstIndex(of: UInt8(ascii: delimiter)) else { return nil }
        defer { text = text[..<start] }
        return String(text[text.utf8.index(after: start)...])
    }

    /// RFC 3986 section 3.1.
    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first.isLetter else { return false }
        return text.utf8.allSatisfy { $0.isLetter || $0.isDigit || "+-.".utf8.contains($0) }
    }

    /// RFC 3986 section 5.3.
    var description: String {
        var text = scheme.map { $0 + ":" } ?? ""
        if let authority { text += "//" + authority }
        text += path
        if let query { text += "?" + query }
        if let fragment { text += "#" + fragment }
        return text
    }
}
