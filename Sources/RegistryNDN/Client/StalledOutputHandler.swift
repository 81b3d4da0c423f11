internal import NIOCore

/// Closes a connection whose peer has taken none of the bytes that wait for it for as long as the limit. It is the pipeline's
/// first handler, and counts bytes as they go to the socket.
///
/// A peer that reads slowly does no harm and holds nothing but its connection: the response waits for it. A peer that reads nothing
/// at all would hold its connection, and the blob that is being fetched for it, until it goes away.
final class StalledOutputHandler: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let limit: TimeAmount
    /// Bytes that were written to a channel and wait there.
    private let waiting: (any Channel) -> Int
    private var written: UInt64 = 0
    /// Bytes that the peer had taken when the timer was set.
    private var taken: UInt64 = 0
    private var timer: Scheduled<Void>?

    init(limit: TimeAmount, waiting: @escaping (any Channel) -> Int = \.waitingOctets) {
        self.limit = limit
        self.waiting = waiting
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        written &+= UInt64(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        if timer == nil { check(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    /// Looks again after the limit as long as bytes wait.
    private func check(_ context: ChannelHandlerContext) {
        let octets = waiting(context.channel)
        guard octets > 0 else { return }
        taken = written &- UInt64(octets)
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.value.eventLoop.assumeIsolated().scheduleTask(in: limit) { [weak self] in
            guard let self else { return }
            timer = nil
            let context = context.value
            let octets = waiting(context.channel)
            if octets > 0, written &- UInt64(octets) == taken {
                context.close(promise: nil)
            } else {
                check(context)
            }
        }
    }
}

extension Channel {
    /// Bytes that were written and that the kernel has not taken yet. To be asked on the event loop; 0 once closed.
    var waitingOctets: Int {
        guard isActive else { return 0 }
        return (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
