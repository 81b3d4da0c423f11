internal import NIOHTTP1

/// What becomes of a request to a registry.
enum RequestPlan: Hashable {
    /// A blob, or parts of it, comes over NDN.
    case blob(RepositoryName, ContentDigest, WantedOctets)
    /// A blob whose bytes came wrong lately comes from the upstream, in full, whatever part of it was asked for.
    case wholeBlob(RepositoryName, ContentDigest)
    /// Nobody is asked for these parts of a blob.
    case refused(RepositoryName, ContentDigest, RangeField.Refusal)
    /// The request goes unchanged to the upstream.
    case relay

    init(_ head: HTTPRequestHead, isPoisoned: (ContentDigest) -> Bool) {
        guard head.method == .GET, !head.announcesBody,
            case .blob(let repository, let digest) = RegistryRoute.parse(path: head.uri)
        else {
            self = .relay
            return
        }
        do throws(RangeField.Refusal) {
            if isPoisoned(digest) {
                self = .wholeBlob(repository, digest)
            } else if !head.headers.hasPrecondition, let wanted = try head.headers.wantedOctets(of: digest) {
                self = .blob(repository, digest, wanted)
            } else {
                self = .relay
            }
        } catch {
            self = .refused(repository, digest, error)
        }
    }
}

extension HTTPHeaders {
    /// The fields because of which the answer may be another one than the blob: RFC 9110 section 13.1.
    private static let preconditions = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]

    var hasPrecondition: Bool { Self.preconditions.contains { contains(name: $0) } }

    /// The fields of a request that this client sends to the upstream to read the whole blob.
    func forWholeBlob() -> HTTPHeaders {
        var headers = removingHopByHop()
        for name in Self.preconditions + ["range", "if-range", "expect", "content-length"] {
            headers.remove(name: name)
        }
        headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        return headers
    }
}
