internal import NIOHTTP1

/// What becomes of a request to a registry.
enum RequestPlan: Hashable {
    /// A blob, or parts of it, over NDN.
    case blob(RepositoryName, ContentDigest, WantedOctets)
    /// A blob whose octets came wrong lately: from the upstream, in full, whatever part of it was asked for.
    case wholeBlob(RepositoryName, ContentDigest)
    /// Parts of a blob that nobody is to be asked for.
    case refused(RepositoryName, ContentDigest, RangeField.Refusal)
    /// Unchanged to the upstream.
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
    /// Fields that may make the answer another one than the blob: RFC 9110 section 13.1.
    private static let preconditions = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]

    var hasPrecondition: Bool { Self.preconditions.contains { contains(name: $0) } }

    /// The fields of a request for a blob as the upstream gets them when we read the blob ourselves.
    func forWholeBlob() -> HTTPHeaders {
        var headers = removingHopByHop()
        for name in Self.preconditions + ["range", "if-range", "expect", "content-length"] {
            headers.remove(name: name)
        }
        headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        return headers
    }
}
