internal import NDN
internal import NIOHTTP1

/// Rewrites the URI references (RFC 3986 section 4.1) in the fields Location and Link of an upstream's response, as reverse
/// proxies do, so that they lead the client to this endpoint again.
///
/// References are resolved against the request, as the upstream means them. Only those that point at the upstream are changed,
/// and become paths, which every client resolves against the address that it asked. Others, such as a redirect to a storage
/// service, stay as they are.
struct ReferenceRewriter: Hashable, Sendable {
    let base: UpstreamURL
    /// Path and query of the request, as the upstream knows them, below the path of its base.
    let target: String
    /// What selected the upstream.
    var selector = RegistrySelector()

    /// The fields of an answer with the given status.
    func rewrite(_ headers: HTTPHeaders, of status: HTTPResponseStatus) -> HTTPHeaders {
        guard headers.contains(name: "location") || headers.contains(name: "link") else { return headers }
        let isRedirection = (300..<400).contains(status.code)
        return HTTPHeaders(
            headers.map { name, value in
                switch name.lowercased() {
                case "location": (name, rewrite(reference: value, isRedirection: isRedirection))
                case "link": (name, rewrite(link: value))
                default: (name, value)
                }
            })
    }

    /// A URI reference (RFC 3986 section 4.1) that points at the upstream, as a path below this endpoint; any other as
    /// it is, or in full where it is relative.
    func rewrite(reference text: String, isRedirection: Bool = false) -> String {
        let reference = URIReference(text)
        let resolved = reference.resolved(against: URIReference(base, target: target))
        if let path = pathBelowBase(resolved, isRedirection: isRedirection) {
            let here = URIReference(
                scheme: nil, authority: nil, path: path, query: resolved.query, fragment: resolved.fragment)
            return selector.place(here).description
        }
        return reference.scheme == nil ? resolved.description : text
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

    /// The path of a URL of the upstream, without the path that the upstream lives below; nil for any other URL.
    private func pathBelowBase(_ url: URIReference, isRedirection: Bool) -> String? {
        guard isOrigin(of: url, isRedirection: isRedirection) else { return nil }
        let path = url.path.isEmpty ? "/" : url.path
        guard path.utf8.starts(with: base.path.utf8) else { return nil }
        let rest = path.utf8.dropFirst(base.path.utf8.count)
        return rest.first == UInt8(ascii: "/") ? String(Substring(rest)) : nil
    }

    /// Whether a URL is at the upstream. Either scheme counts, with its own default port: a registry behind a TLS proxy often
    /// takes itself for an http one. But who redirects from http to https means it, and would do so again and again.
    private func isOrigin(of url: URIReference, isRedirection: Bool) -> Bool {
        guard let scheme = url.scheme, let authority = url.authority,
            let origin = try? UpstreamURL("\(scheme)://\(authority)")
        else { return false }
        return origin.authority.lowercased() == base.authority.lowercased()
            && !(isRedirection && origin.isSecure && !base.isSecure)
    }
}
