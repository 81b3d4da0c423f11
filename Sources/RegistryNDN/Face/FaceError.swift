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
