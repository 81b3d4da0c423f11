internal import NIOHTTP1

/// Where an upstream redirects a request for `/v2/` to, when that is another origin than the URL that it was given by: most
/// often from http to https.
struct UpstreamMove: Hashable {
    /// The address that the upstream redirects to.
    let location: String
    /// The base URL that would have been right; nil when the address is not that of a registry's `/v2/`.
    let base: UpstreamURL?

    /// Nil for an answer that is no redirection to another origin.
    init?(_ head: HTTPResponseHead, from old: UpstreamURL) {
        guard (300..<400).contains(head.status.code), let text = head.headers.first(name: "location") else {
            return nil
        }
        let url = URIReference(text).resolved(against: URIReference(old, target: "/v2/"))
        guard let scheme = url.scheme, let authority = url.authority,
            let origin = try? UpstreamURL("\(scheme)://\(authority)"),
            origin.description.lowercased() != old.origin.description.lowercased()
        else { return nil }
        location =
            URIReference(scheme: scheme, authority: authority, path: url.path, query: nil, fragment: nil).description
        var path = url.path[...]
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix("/v2") { path.removeLast("/v2".count) } else if !path.isEmpty { path = "/" }
        base = path == "/" ? nil : try? UpstreamURL("\(scheme)://\(authority)\(path)")
    }
}
