internal import NDN

/// Why a request left the NDN path.
struct Fallback: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of reasons, as metrics call them.
    enum Reason: String, CaseIterable, Sendable {
        /// The path is left alone after a failure, or since the registry is much faster.
        case pathDown = "path_down"
        /// It was left while the blob was under way.
        case pathLeft = "path_left"
        case notFound = "not_found"
        case noRoute = "no_route"
        case noAnswer = "no_answer"
        case stalled, deadline, malformed, untrusted
        case faceDown = "face_down"
        case busy
        case wrongDigest = "wrong_digest"
        case wrongSize = "wrong_size"
        case other
    }

    let reason: Reason
    /// The reason in words for people.
    let description: String

    static let pathDown = Fallback(reason: .pathDown, description: "NDN path down")
    static let poisoned = Fallback(reason: .wrongDigest, description: "wrong digest lately")
}

extension Fallback {
    init(_ error: FetchError) {
        self.init(reason: Reason(error), description: "\(error)")
    }

    init(_ failure: BlobFailure) {
        self.init(reason: Reason(failure), description: "\(failure)")
    }
}

extension Fallback.Reason {
    fileprivate init(_ error: FetchError) {
        self =
            switch error {
            case .notFound: .notFound
            case .noRoute: .noRoute
            case .noSize: .noAnswer
            case .stalled: .stalled
            case .deadline: .deadline
            case .malformed: .malformed
            case .untrusted: .untrusted
            case .cancelled: .other
            case .faceDown: .faceDown
            case .busy: .busy
            }
    }

    fileprivate init(_ failure: BlobFailure) {
        self =
            switch failure {
            case .wrongDigest: .wrongDigest
            case .wrongSize: .wrongSize
            case .pathLeft: .pathLeft
            case .rest, .notOverNDN, .elsewhere: .other
            }
    }
}
