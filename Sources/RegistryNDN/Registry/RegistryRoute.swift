internal import NDN

/// What the path of a request to a registry asks for.
package enum RegistryRoute: Hashable, Sendable {
    /// `/v2/<name>/blobs/sha256:<hex>`: a blob that has an NDN name.
    case blob(RepositoryName, ContentDigest)
    /// Anything else; the upstream knows what it is.
    case other

    /// Classifies the target of an HTTP request line.
    ///
    /// Only the literal form counts: a query, percent-encoding, a double slash or an upper-case digest make it `other`,
    /// so that what is fetched over NDN is exactly what the upstream would have served under the same path.
    package static func parse(path: String) -> RegistryRoute {
        let octets = path.utf8
        guard octets.starts(with: "/v2/".utf8) else { return .other }
        // From the end, as a repository may itself hold a component named `blobs`.
        guard let digestStart = octets.lastIndex(of: UInt8(ascii: "/")),
            let digest = ContentDigest(path[octets.index(after: digestStart)...])
        else { return .other }
        let middle = octets[..<digestStart].dropFirst("/v2/".utf8.count)
        let marker = "/blobs".utf8
        guard middle.count > marker.count, middle.suffix(marker.count).elementsEqual(marker),
            let repository = RepositoryName(octets: middle.dropLast(marker.count))
        else { return .other }
        return .blob(repository, digest)
    }

    /// The path of a blob, `/v2/<name>/blobs/sha256:<hex>`.
    package static func path(repository: RepositoryName, digest: ContentDigest) -> String {
        "/v2/\(repository.text)/blobs/\(digest)"
    }
}
