import NIOCore

/// How the kernel finds out that the other end of a TCP connection is gone without a FIN: it asks an idle one, and gives up
/// what is not acknowledged for too long.
enum TCPKeepAlive {
    /// Socket options of Linux that neither NIO nor the C library's module names.
    private enum Option {
        static let idle: CInt = 4
        static let interval: CInt = 5
        static let count: CInt = 6
        static let userTimeout: CInt = 18
    }

    /// The options of one socket. After ``FaceConfiguration/keepAlive`` without a word the peer's kernel is asked, and after twice
    /// that time of silence the connection ends.
    static func options(
        _ configuration: FaceConfiguration
    ) -> [(ChannelOptions.Types.SocketOption, SocketOptionValue)] {
        let seconds = max(1, configuration.keepAlive.nanoseconds / 1_000_000_000)
        let numbers: [(CInt, Int64)] = [
            (Option.idle, seconds), (Option.interval, max(1, seconds / 4)), (Option.count, 4),
            (Option.userTimeout, 2000 * seconds),
        ]
        return [(.init(level: .socket, name: .so_keepalive), 1)]
            + numbers.map { (.init(level: .tcp, name: .init(rawValue: $0)), SocketOptionValue($1)) }
    }
}
