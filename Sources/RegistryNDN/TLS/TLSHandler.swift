internal import NIOCore

/// TLS between a socket and the protocol above it, for either side. Confined to its event loop.
///
/// Bytes that are written before the handshake is complete wait for it. Bytes that were received never wait: when the handlers
/// above read no more, the socket is read no more.
final class TLSHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let peer: TLSPeer?
    private let timeout: TimeAmount
    private var session: TLSSession
    private var established: EventLoopPromise<Void>?
    private var waiting: [(octets: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var mustFlush = false
    /// Whether this side ended the connection, or the handlers above have been told of its end.
    private var isClosing = false
    private var hasKeptSession = false
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - peer: the server to verify; nil for the side of the server.
    ///   - timeout: for the handshake.
    ///   - established: succeeds after the handshake, or fails with `TLSError`.
    init(
        _ context: TLSContext, peer: TLSPeer?, timeout: TimeAmount, established: EventLoopPromise<Void>? = nil
    ) throws(TLSError) {
        self.peer = peer
        self.timeout = timeout
        self.established = established
        session = try TLSSession(context, peer: peer)
    }

    private var other: String { peer.map { "\($0)" } ?? "the client" }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard timer == nil, !session.isEstablished else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
            guard let self else { return }
            let stalled =
                "\(self.other) did not complete the TLS handshake within \(self.timeout.nanoseconds / 1_000_000_000) s"
            self.fail(context, TLSError(.timeout, stalled))
        }
        advance(context)
        // On the side of the server, reading begins when the handlers above are ready: the first request may come with the end of
        // the handshake.
        if peer != nil { context.read() }
    }

    // MARK: in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing || session.isEstablished else { return }
        let octets = unwrapInboundIn(data)
        session.receive(octets)
        if !session.isEstablished { advance(context) }
        if session.isEstablished { deliver(context, capacity: octets.readableBytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if session.isEstablished {
            context.fireChannelReadComplete()
        } else if !isClosing {
            context.read()
        }
    }

    /// Goes on with the handshake.
    private func advance(_ context: ChannelHandlerContext) {
        let progress = session.handshake()
        sendOutput(context)
        switch progress {
        case .wantsInput, .ended: break
        case .done:
            timer?.cancel()
            established?.succeed()
            established = nil
            if mustFlush { encrypt(context) }
        case .failed(let error): fail(context, error)
        }
    }

    private func deliver(_ context: ChannelHandlerContext, capacity: Int) {
        var plain = context.channel.allocator.buffer(capacity: capacity + TLSSession.recordSize)
        let progress = session.read(into: &plain)
        // An answer to the peer's key update.
        sendOutput(context)
        if plain.readableBytes > 0 {
            if !hasKeptSession {
                // A server with TLS 1.3 sends the session before the first bytes of its application.
                hasKeptSession = true
                session.keepSession()
            }
            context.fireChannelRead(wrapInboundOut(plain))
        }
        switch progress {
        case .wantsInput, .done: break
        case .ended: close(context: context, mode: .all, promise: nil)
        case .failed(let error): fail(context, error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if !isClosing {
            isClosing = true
            let error =
                session.isEstablished
                ? TLSError(
                    .truncated, "\(other) ended the connection without TLS close_notify: what came may be cut off")
                : TLSError(
                    .handshake,
                    "\(other) closed the connection during the TLS handshake: is it the right host and port?")
            report(context, error)
        }
        failWaiting(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        failWaiting(ChannelError.ioOnClosedChannel)
        established?.fail(ChannelError.ioOnClosedChannel)
        established = nil
    }

    // MARK: out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        waiting.append((unwrapOutboundIn(data), promise))
    }

    func flush(context: ChannelHandlerContext) {
        mustFlush = true
        if session.isEstablished { encrypt(context) }
    }

    /// Encrypts all that waits: small pieces together in full records.
    private func encrypt(_ context: ChannelHandlerContext) {
        mustFlush = false
        guard !waiting.isEmpty else { return context.flush() }
        let pieces = waiting
        waiting.removeAll(keepingCapacity: true)
        let promises = pieces.compactMap(\.promise)
        var progress = TLSSession.Progress.done
        var last: ByteBuffer?
        func send(_ octets: ByteBuffer) {
            if let last { context.write(wrapOutboundOut(last), promise: nil) }
            last = octets
        }
        var together = ByteBuffer()
        func writeTogether() {
            guard case .done = progress, together.readableBytes > 0 else { return }
            progress = session.write(together, send: send)
            together.clear()
        }
        for (octets, _) in pieces {
            if together.readableBytes + octets.readableBytes > TLSSession.recordSize { writeTogether() }
            if octets.readableBytes < TLSSession.recordSize {
                together.writeImmutableBuffer(octets)
            } else if case .done = progress {
                progress = session.write(octets, send: send)
            }
        }
        writeTogether()
        if case .failed(let error) = progress {
            for promise in promises { promise.fail(error) }
            return fail(context, error)
        }
        let promise = promises.first
        for other in promises.dropFirst() { promise?.futureResult.cascade(to: other) }
        context.writeAndFlush(wrapOutboundOut(last ?? ByteBuffer()), promise: promise)
    }

    private func sendOutput(_ context: ChannelHandlerContext) {
        guard let output = session.takeOutput() else { return }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
    }

    // MARK: end

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode != .input else { return context.close(mode: mode, promise: promise) }
        if !isClosing, session.isEstablished {
            if mustFlush || mode == .output { encrypt(context) }
            session.keepSession()
            session.shutDown()
            sendOutput(context)
        }
        isClosing = true
        context.close(mode: mode, promise: promise)
    }

    private func fail(_ context: ChannelHandlerContext, _ error: TLSError) {
        guard !isClosing else { return }
        isClosing = true
        // The alert, if there is one.
        sendOutput(context)
        report(context, error)
        failWaiting(error)
        context.close(promise: nil)
    }

    private func report(_ context: ChannelHandlerContext, _ error: TLSError) {
        let promise = established
        established = nil
        promise?.fail(error)
        context.fireErrorCaught(error)
    }

    private func failWaiting(_ error: any Error) {
        let failed = waiting
        waiting = []
        for (_, promise) in failed { promise?.fail(error) }
    }
}
