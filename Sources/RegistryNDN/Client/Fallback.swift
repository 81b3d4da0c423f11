internal import NDN

/// Why a request left the NDN path.
struct Fallback: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of reasons, as metrics call them.
    enum Reason: String, CaseIterable, Sendable {
        /// The path is left alone after a failure.
        case pathDown = "path_down"
        /// It is left since the registry is much faster, before the blob was asked for or while it was under way.
        case pathLeft = "path_left"
        case notFound = "not_found"
        /// The registry does not have the blob either, or does not give it: no sign that NDN is of no use.
        case refused
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

    /// The same for a blob that the registry does not give either.
    var refused: Fallback {
        Fallback(reason: .refused, description: "\(description); the registry does not give the blob either")
    }

    /// What whoever runs the client can do about it.
    var remedy: String { reason.remedy }

    static let pathDown = Fallback(reason: .pathDown, description: "NDN path down")
    static let pathLeft = Fallback(BlobFailure.pathLeft)
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

extension Fallback.Reason {
    fileprivate var remedy: String {
        switch self {
        case .noRoute:
            "start a server for this prefix, and look whether its log says that the prefix is registered at the router"
        case .notFound: "look whether the server reads this registry, and may serve this repository"
        case .noAnswer, .stalled, .deadline, .pathDown:
            "look whether the router and the server run, and whether packets pass between them and this machine"
        case .faceDown: "start the router, or name another one by \(RegistrySetting.router)"
        case .pathLeft: "look for what loses packets between this machine and the router"
        case .untrusted: "look whose key the server signs with, and whom this client trusts"
        case .malformed: "look what else answers for the prefix: it is no server that this client understands"
        case .wrongDigest, .wrongSize: "look whether the server reads the same registry, and what lies between"
        case .busy: "allow more memory by \(Setting.memory), or pull fewer blobs at a time"
        case .refused: "look whether the repository's name is right, and whether the registry gives it to this client"
        case .other: "the log has the request with its reason"
        }
    }
}
