/// What a request's target has beside the target that the registry knows: the words that say which registry it is for.
///
/// ``UpstreamSet`` takes it off, and ``place(_:)`` puts it back into whatever leads to that registry again.
struct RegistrySelector: Hashable, Sendable {
    /// The host that stood in the path, as it was written.
    var host: String?
    /// Whether the host stood before the whole path, `/quay.io/v2/…`; else behind `/v2/`, as the begin of a repository's name.
    var isBeforeRoot = false
    /// The value of `ns`, percent-encoded as it was.
    var namespace: String?

    /// Below it lies the registry's interface (OCI distribution specification 1.1, "Endpoints").
    static let root = "/v2/"

    /// A path of the registry, with query and fragment, as a path of this endpoint that selects the registry.
    func place(_ reference: URIReference) -> URIReference {
        var placed = reference
        if let host {
            if !isBeforeRoot, reference.path.utf8.starts(with: Self.root.utf8) {
                placed.path = Self.root + host + "/" + Substring(reference.path.utf8.dropFirst(Self.root.utf8.count))
            } else {
                placed.path = "/" + host + reference.path
            }
        } else if reference.path.utf8.starts(with: "//".utf8) {
            // A path that begins with `//` would be read as an authority (RFC 3986 section 4.2).
            placed.path = "/." + reference.path
        }
        if let namespace {
            let parameter = "ns=" + namespace
            placed.query = reference.query.map { $0.isEmpty ? parameter : $0 + "&" + parameter } ?? parameter
        }
        return placed
    }
}
