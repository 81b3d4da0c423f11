package import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Whether a listening socket goes on when a connection cannot be accepted: where the system has no descriptor or no memory
/// left for one, the next attempt fails as well, and at once, so that only a pause keeps the event loop from spinning.
struct AcceptPause {
    /// How long nothing is accepted.
    static let length = TimeAmount.milliseconds(100)
    /// After so long without a failure, the next failure is logged again.
    private static let episode = TimeAmount.minutes(1)

    private var quietUntil = NIODeadline.distantPast

    /// What a failure means.
    enum Verdict: Equatable {
        /// The cause is another than a lack of descriptors or memory.
        case goOn
        /// Nothing is to be accepted for `length`; `isNews` is true for the first failure of an episode.
        case pause(isNews: Bool)
    }

    /// A connection could not be accepted.
    mutating func failed(_ number: Int32, now: NIODeadline) -> Verdict {
        guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number) else { return .goOn }
        defer { quietUntil = now + Self.episode }
        return .pause(isNews: now >= quietUntil)
    }
}

/// Holds a listening channel's reads back while an `AcceptPause` says so. Stands before the handler that takes the
/// connections, as `serverChannelInitializer` adds it.
package final class AcceptPauseHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    private let logger: Logger
    private let onPause: () -> Void
    private var pause = AcceptPause()
    private var isPaused = false
    private var isReadWanted = false

    /// - Parameter onPause: called with each pause; may close a connection of little use, so that a descriptor is free again.
    package init(logger: Logger, onPause: @escaping () -> Void = {}) {
        self.logger = logger
        self.onPause = onPause
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError,
            case .pause(let isNews) = pause.failed(error.errnoCode, now: context.eventLoop.now)
        else { return context.fireErrorCaught(error) }
        if isNews {
            logger.warning(
                "cannot accept connections: close some, or raise the limit of open files (ulimit -n, LimitNOFILE=)",
                metadata: [
                    "listener": "\(context.localAddress?.description ?? "?")",
                    "error": "\(SystemError(call: "accept", number: error.errnoCode))",
                    "limit": "\(DescriptorLimit.current)",
                ])
        }
        onPause()
        guard !isPaused else { return }
        isPaused = true
        // The read that failed is still wanted, so that the selector would report the socket again at once.
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenFailure { _ in }
        context.eventLoop.assumeIsolated().scheduleTask(in: AcceptPause.length) { [self] in
            isPaused = false
            channel.setOption(.autoRead, value: true).whenFailure { _ in }
            guard isReadWanted else { return }
            isReadWanted = false
            context.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { isReadWanted = true } else { context.read() }
    }
}
