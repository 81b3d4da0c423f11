internal import NIOHTTP1

/// What becomes of a request.
enum RequestPlan: Hashable {
    /// `/robots.txt`, which belongs to this endpoint.
    case robots
    /// A blob over NDN.
    case blob(RepositoryName, ContentDigest)
    /// A blob whose octets came wrong lately: from the upstream, in full, whatever part of it was asked for.
    case wholeBlob(RepositoryName, ContentDigest)
    /// Unchanged to the upstream.
    case relay

    init(_ head: HTTPRequestHead, isPoisoned: (ContentDigest) -> Bool) {
        guard head.method == .GET, !head.announcesBody else {
            self = head.method == .HEAD && head.uri == Self.robotsPath ? .robots : .relay
            return
        }
        if head.uri == Self.robotsPath {
            self = .robots
        } else if case .blob(let repository, let digest) = RegistryRoute.parse(path: head.uri) {
            if isPoisoned(digest) {
                self = .wholeBlob(repository, digest)
            } else {
                self = head.headers.isConditional ? .relay : .blob(repository, digest)
            }
        } else {
            self = .relay
        }
    }

    private static let robotsPath = "/robots.txt"
}

extension HTTPHeaders {
    /// Fields that ask for less than the whole: RFC 9110 sections 13.1 and 14.2.
    private static let conditions = [
        "range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
    ]

    var isConditional: Bool { Self.conditions.contains { contains(name: $0) } }

    /// The fields of a request for a blob as the upstream gets them when we read the blob ourselves.
    func forWholeBlob() -> HTTPHeaders {
        var headers = removingHopByHop()
        for name in Self.conditions + ["expect", "content-length"] { headers.remove(name: name) }
        headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        return headers
    }
}
