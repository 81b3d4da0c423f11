/// Why a blob could not be fetched over NDN.
public enum FetchError: Error, Sendable, Hashable {
    /// The producer says that it has no such blob: an application Nack confirmed with MustBeFresh.
    case notFound
    /// The router has no route to the prefix: Nack NoRoute twice, at least 100 ms apart.
    case noRoute
    /// The size was not known within ``FetchConfiguration/sizeTimeout``.
    case noSize
    /// No new segment for ``FetchConfiguration/progressTimeout``, no packet at all for ``FetchConfiguration/silenceTimeout``, or
    /// one segment exhausted its retransmissions.
    case stalled
    /// The deadline of the whole fetch passed.
    case deadline
    /// The producer's segments contradict each other or are out of bounds; says how.
    case malformed(String)
    /// A segment's signature is not trusted, also when asked for again with MustBeFresh; says which rule failed.
    case untrusted(TrustFailure)
    /// The reader or the task was cancelled, or the fetcher was shut down.
    case cancelled
    /// The connection to the router is down.
    case faceDown
    /// Other readers use all of ``FetchConfiguration/memoryBudget``, for ``FetchConfiguration/admissionTimeout`` already.
    case busy
}

extension FetchError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound: "the server that answers over NDN does not have this blob"
        case .noRoute: "the router has no route to the blob's prefix: no server has registered it there"
        case .noSize: "nobody answers over NDN when the blob is asked for"
        case .stalled: "no further segments arrive"
        case .deadline: "the time limit for the whole blob passed"
        case .malformed(let what): "what the server answers over NDN is wrong: \(what)"
        case .untrusted(let failure): "not trusted: \(failure)"
        case .cancelled: "cancelled"
        case .faceDown: "the connection to the router is down"
        case .busy:
            "other blobs in flight, and what waits for those who asked for them, use all the memory (\(Setting.memory))"
        }
    }
}

extension FetchError {
    /// Whether the path to the producer failed, rather than this blob on it.
    package var isPathFailure: Bool {
        switch self {
        case .noRoute, .noSize, .stalled, .faceDown, .untrusted: true
        case .notFound, .deadline, .malformed, .cancelled, .busy: false
        }
    }
}
