internal import NIOHTTP1

/// Turns what an upstream says about itself in `Location` and `Link` into what leads its client here again.
///
/// Only references that point at the upstream are changed, and become paths, which every client resolves against the
/// address that it asked. Others, such as a redirect to a storage service, stay as they are.
struct UpstreamReferences: Hashable, Sendable {
    let base: UpstreamURL
    /// The component that selected the upstream and stands before its repositories' names.
    var repositoryPrefix: String?
    /// The value of `ns` that selected the upstream, percent-encoded.
    var namespace: String?

    func rewrite(_ headers: HTTPHeaders) -> HTTPHeaders {
        guard headers.contains(name: "location") || headers.contains(name: "link") else { return headers }
        return HTTPHeaders(
            headers.map { name, value in
                switch name.lowercased() {
                case "location": (name, rewrite(reference: value))
                case "link": (name, rewrite(link: value))
                default: (name, value)
                }
            })
    }

    /// A URI reference (RFC 3986 section 4.1) that points at the upstream, as a path below this endpoint; any other as
    /// it is.
    func rewrite(reference: String) -> String {
        guard let path = pathAtUpstream(reference) else { return reference }
        return place(path)
    }

    /// RFC 8288 section 3: `<reference>; parameters, <reference> …`.
    func rewrite(link: String) -> String {
        var result = ""
        var rest = link[...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            result += rest[...open]
            result += rewrite(reference: String(rest[rest.index(after: open)..<close]))
            rest = rest[close...]
        }
        return result + rest
    }

    /// Path and query of a reference to the upstream, without the path that the upstream lives below.
    private func pathAtUpstream(_ reference: String) -> Substring? {
        var path = reference[...]
        if let authority = Self.splitAuthority(&path) {
            guard authority == base.authority.lowercased() else { return nil }
            if path.isEmpty { path = "/" }
        }
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        guard path.hasPrefix(base.path) else { return nil }
        path = path.dropFirst(base.path.count)
        return path.utf8.first == UInt8(ascii: "/") ? path : nil
    }

    /// Takes scheme and authority off a reference. Returns the authority in lower case and without the scheme's default
    /// port; nil when the reference has none.
    ///
    /// Either scheme counts: a registry behind a TLS proxy often takes itself for an http one.
    private static func splitAuthority(_ reference: inout Substring) -> String? {
        var rest = reference
        var port: String?
        for (scheme, number) in [("http:", ":80"), ("https:", ":443")] {
            guard rest.prefix(scheme.count).lowercased() == scheme else { continue }
            rest = rest.dropFirst(scheme.count)
            port = number
            break
        }
        guard rest.hasPrefix("//") else { return nil }
        rest = rest.dropFirst(2)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        var authority = rest[..<end].lowercased()
        if let port, authority.hasSuffix(port) { authority.removeLast(port.count) }
        reference = rest[end...]
        return authority
    }

    /// A path of the upstream as a path of this endpoint.
    private func place(_ path: Substring) -> String {
        let root = "/v2/"
        var result = String(path)
        if let repositoryPrefix, result.hasPrefix(root), !result.dropFirst(root.count).hasPrefix("_"),
            result.utf8.count > root.utf8.count
        {
            result = root + repositoryPrefix + "/" + result.dropFirst(root.count)
        }
        if let namespace {
            let fragment = result.firstIndex(of: "#") ?? result.endIndex
            let separator = result[..<fragment].contains("?") ? "&" : "?"
            result.insert(contentsOf: "\(separator)ns=\(namespace)", at: fragment)
        }
        return result
    }
}
