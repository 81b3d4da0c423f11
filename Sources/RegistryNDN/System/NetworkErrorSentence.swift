internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What people are told about an error of the system or of NIO's sockets, whose own descriptions are for programmers.
package enum NetworkErrorSentence {
    /// A phrase that can follow a colon; nil for an error of another kind.
    package static func of(_ error: any Error) -> String? {
        switch error {
        case let error as IOError: system(error.errnoCode)
        case let error as ChannelError: channel(error)
        case let error as NIOConnectionError: connection(error)
        case let error as SocketAddressError: address(error)
        case is NIOTooManyBytesError: "more came than is allowed"
        case is CancellationError: "it was given up, since nobody waits for it any more"
        case is EventLoopError: "the program is ending"
        default: nil
        }
    }

    /// The system's words for an error number.
    static func system(_ number: CInt) -> String {
        switch number {
        case EMFILE, ENFILE: "no more files and sockets may be open: raise the limit (ulimit -n, LimitNOFILE=)"
        default: unsafe String(cString: strerror(number))
        }
    }

    private static func channel(_ error: ChannelError) -> String {
        switch error {
        case .connectTimeout(let limit): "no answer within \(limit.nanoseconds / 1_000_000_000) s"
        case .ioOnClosedChannel, .alreadyClosed, .outputClosed, .inputClosed, .eof: "the connection was closed"
        case .writeMessageTooLarge: "what was to be sent is larger than the network takes"
        default: "the connection failed"
        }
    }

    /// The failure of the last address stands for all: the others fail for the same reason, or for one known beforehand.
    private static func connection(_ error: NIOConnectionError) -> String {
        guard let last = error.connectionErrors.last else { return "the host \(error.host) is not known" }
        return of(last.error) ?? "the connection failed"
    }

    private static func address(_ error: SocketAddressError) -> String {
        switch error {
        case .unknown(let host, _): "the host \(host) is not known"
        case .unixDomainSocketPathTooLong: "the path of the socket is longer than the system allows"
        default: "the address cannot be used"
        }
    }
}
