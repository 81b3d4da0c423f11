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

    public let code: Code
    /// A sentence for people.
    public let message: String
    /// The system's error number, 0 when there is none.
    public let errno: Int32

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
        let start = "cannot reach \(uri): "
        switch number {
        case ENOENT:
            return FaceError(
                .unreachable, start + "there is no socket at that path; start the forwarder, or check the path",
                errno: number)
        case ECONNREFUSED:
            return FaceError(
                .unreachable, start + "nobody listens there; start the forwarder, or check the address", errno: number)
        case EACCES, EPERM:
            return FaceError(
                .permission,
                start + "permission denied; run as a user who may use it, or change the permissions of the socket",
                errno: number)
        case ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL:
            return FaceError(
                .unreachable, start + "this machine has no route to it; check the address and the network",
                errno: number)
        default:
            if let error = error as? ChannelError, case .connectTimeout = error {
                return FaceError(.unreachable, start + "no answer in time; check the address and the firewall")
            }
            return FaceError(.system, start + reason(of: error, number), errno: number)
        }
    }

    /// Why listening at `uri` failed, and what to do.
    static func listening(at uri: FaceURI, _ error: any Error) -> FaceError {
        if let error = error as? FaceError { return error }
        let number = systemNumber(of: error)
        let start = "cannot listen at \(uri): "
        switch number {
        case EADDRINUSE:
            let what = uri.scheme == .unix ? "path" : "port"
            return FaceError(
                .inUse, start + "another program uses this \(what); stop it, or choose another \(what)", errno: number)
        case EACCES, EPERM, EROFS:
            let remedy =
                uri.scheme == .unix
                ? "choose a path in a directory you may write to"
                : "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one"
            return FaceError(.permission, start + "permission denied; " + remedy, errno: number)
        case ENOENT, ENOTDIR:
            return FaceError(.system, start + "its directory does not exist; create it first", errno: number)
        case EADDRNOTAVAIL:
            return FaceError(
                .system, start + "this machine does not have that address; choose one of its own, or 0.0.0.0",
                errno: number)
        default:
            return FaceError(.system, start + reason(of: error, number), errno: number)
        }
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
