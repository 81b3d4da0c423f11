import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Why a face cannot be made or a listener cannot listen: what is wrong, where, and what to do about it.
public struct FaceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, for programs.
    public enum Code: Hashable, Sendable {
        /// The text is not a face URI.
        case invalidURI
        /// The host name has no usable address.
        case unresolved
        /// The peer cannot be reached or refuses.
        case unreachable
        /// The address or path is taken by another program.
        case inUse
        /// The system forbids it.
        case permission
        /// Any other failure of a socket call.
        case system
        /// The face or listener was closed meanwhile.
        case closed
    }

    /// The kind of failure.
    public let code: Code
    /// A sentence for people.
    public let message: String
    /// The system's error number, 0 when there is none.
    public let errno: Int32

    /// An error.
    ///
    /// - Parameters:
    ///   - code: the kind of failure.
    ///   - message: a sentence for people: what failed, where, and what to do.
    ///   - errno: the system's error number, 0 when there is none.
    public init(_ code: Code, _ message: String, errno: Int32 = 0) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    public var description: String { message }
}

extension FaceError {
    /// Why connecting to `uri` failed, and what to do.
    static func connecting(to uri: FaceURI, _ error: any Error) -> FaceError {
        if let error = error as? FaceError { return error }
        let number = systemNumber(of: error)
        let (code, cause): (Code, String) =
            switch number {
            case ENOENT: (.unreachable, "there is no socket at that path; start the forwarder, or check the path")
            case ECONNREFUSED: (.unreachable, "nobody listens there; start the forwarder, or check the address")
            case EACCES, EPERM:
                (
                    .permission,
                    "permission denied; run as a user who may use it, or change the permissions of the socket"
                )
            case ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL:
                (.unreachable, "this machine has no route to it; check the address and the network")
            default:
                if case .connectTimeout? = error as? ChannelError {
                    (.unreachable, "no answer in time; check the address and the firewall")
                } else {
                    (.system, reason(of: error, number))
                }
            }
        return FaceError(code, "cannot reach \(uri): \(cause)", errno: number)
    }

    /// Why listening at `uri` failed, and what to do.
    static func listening(at uri: FaceURI, _ error: any Error) -> FaceError {
        if let error = error as? FaceError { return error }
        let number = systemNumber(of: error)
        let (what, remedy) =
            uri.scheme == .unix
            ? ("path", "choose a path in a directory you may write to")
            : ("port", "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one")
        let (code, cause): (Code, String) =
            switch number {
            case EADDRINUSE: (.inUse, "another program uses this \(what); stop it, or choose another \(what)")
            case EACCES, EPERM, EROFS: (.permission, "permission denied; \(remedy)")
            case ENOENT, ENOTDIR: (.system, "its directory does not exist; create it first")
            case EADDRNOTAVAIL: (.system, "this machine does not have that address; choose one of its own, or 0.0.0.0")
            default: (.system, reason(of: error, number))
            }
        return FaceError(code, "cannot listen at \(uri): \(cause)", errno: number)
    }

    private static func systemNumber(of error: any Error) -> Int32 {
        switch error {
        case let error as SystemError: error.number
        case let error as IOError: error.errnoCode
        default: 0
        }
    }

    private static func reason(of error: any Error, _ number: Int32) -> String {
        number == 0 ? NetworkErrorSentence.of(error) ?? "\(error)" : NetworkErrorSentence.system(number)
    }
}
