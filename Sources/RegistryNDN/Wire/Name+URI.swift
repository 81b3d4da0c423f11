extension Name: CustomStringConvertible {
    /// Reads a Name URI: `ndn:` and an authority are optional and ignored, components in canonical or alternate form.
    ///
    /// - Throws: `WireError.uri` with a sentence saying what is wrong.
    public init(uri: String) throws(WireError) {
        var path = uri[...]
        if path.hasPrefix("ndn:") { path.removeFirst(4) }
        if path.hasPrefix("//") {
            path = path.dropFirst(2).drop { $0 != "/" }
        }
        guard path.first == "/" else { throw .uri("'\(uri)': a name begins with a slash") }
        path.removeFirst()
        if path.last == "/" { path.removeLast() }
        var components: [NameComponent] = []
        for text in path.isEmpty ? [] : path.split(separator: "/", omittingEmptySubsequences: false) {
            components.append(try NameComponent(uri: String(text)))
        }
        self.init(components)
    }

    /// The URI in its usual form: `8=` left out, `seg=`, `v=` and the like for typed numbers.
    public var uri: String { text { $0.uri } }

    /// The URI with `<type>=` before every component.
    public var canonicalURI: String { text { $0.canonicalURI } }

    public var description: String { uri }

    private func text(_ component: (NameComponent) -> String) -> String {
        isEmpty ? "/" : components.reduce(into: "") { $0 += "/" + component($1) }
    }
}
