internal import NDN
import NIOCore
import NIOHTTP1

/// The last handler of a connection to an upstream: one exchange at a time, read on demand. Confined to its event loop.
final class UpstreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let configuration: UpstreamConfiguration
    /// The proxy that requests for an http upstream are sent to, with the upstream's whole URL (RFC 9112 section 3.2.2).
    private let relay: (proxy: ProxyURL, origin: UpstreamURL)?
    /// Called whenever an exchange leaves the connection free for the next one.
    var onIdle: (() -> Void)?
    /// Sets how long what was sent may stay unacknowledged; zero for as long as the kernel likes.
    var limitUnacknowledged: ((TimeAmount) -> Void)?
    private var isLimited = false
    private var state = ExchangeState()
    private var consumer: (any ResponseConsumer)?
    private var context: ChannelHandlerContext?
    private var isPaused = false
    private var lastActivity = NIODeadline.distantPast
    /// How long the body of this exchange may be silent; nil for as long as any answer.
    private var silence: TimeAmount?
    private var trickle: TrickleLimit
    private var timer: Scheduled<Void>?
    /// When the timer fires.
    private var alarm = NIODeadline.distantFuture
    /// What the peer said when it refused the connection before it carried anything. With TLS 1.3 a server judges our
    /// certificate after our side of the handshake is complete, so that this may come before or after the first request.
    private var refusal: UpstreamError?

    init(configuration: UpstreamConfiguration, relay: (proxy: ProxyURL, origin: UpstreamURL)? = nil) {
        self.configuration = configuration
        self.relay = relay
        trickle = TrickleLimit(rate: configuration.bodyRate, window: configuration.idleTimeout)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Sends a request head, and the end of the request unless a body follows.
    func start(_ head: HTTPRequestHead, hasBody: Bool, consumer: any ResponseConsumer) {
        guard let context, state.start(method: head.method, hasBody: hasBody) else {
            consumer.responseFailed(refusal ?? UpstreamError(.stale, Self.message(.stale)))
            return
        }
        self.consumer = consumer
        watch(isKept: state.count > 1 && state.isSafe && !hasBody)
        isPaused = false
        silence = nil
        trickle.restart()
        lastActivity = .now()
        armTimer(context)
        var head = head
        if let relay {
            head.uri = "\(relay.origin)\(head.uri)"
            if let authorization = relay.proxy.authorization {
                head.headers.replaceOrAdd(name: "Proxy-Authorization", value: authorization)
            }
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !hasBody { context.write(wrapOutboundOut(.end(nil)), promise: nil) }
        context.flush()
    }

    /// A kept connection may have died unnoticed, as when this machine's address changed: a request that may be sent again is
    /// not left there for long. Bodies wait in the kernel for a registry that is slow to read, which is no sign of anything.
    private func watch(isKept: Bool) {
        guard isKept != isLimited else { return }
        isLimited = isKept
        limitUnacknowledged?(isKept ? configuration.acknowledgeTimeout : .zero)
    }

    /// The request body is out in full.
    func requestEnded() {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        guard state.requestDone() else { return }
        if state.isIdle { becomeIdle() } else { context.close(promise: nil) }
    }

    /// The rest of the request body will not be sent: the response may still come, then the connection ends.
    func abandonRequest() {
        guard let context, state.requestAbandoned() else { return }
        context.close(promise: nil)
    }

    /// Bytes of the request body went out.
    func touch() { lastActivity = .now() }

    /// Reads on after the consumer wanted no more.
    func resume() {
        guard let context, isPaused, state.isReceiving else { return }
        isPaused = false
        lastActivity = .now()
        context.read()
    }

    /// Waits no longer than this for more of a body that can be had elsewhere.
    func limitSilence(_ consumer: any ResponseConsumer, to limit: TimeAmount) {
        guard let context, self.consumer === consumer else { return }
        silence = limit
        armTimer(context)
    }

    /// Ends an exchange that nobody wants any more, and with it the connection.
    func cancel(_ consumer: any ResponseConsumer) {
        guard let context, self.consumer === consumer else { return }
        fail(context, .cancelled, nil)
    }

    // MARK: events of the channel

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let before = lastActivity
        lastActivity = .now()
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let relay, head.status == .proxyAuthenticationRequired {
                let place = "the proxy \(relay.proxy) on the way to \(relay.origin)"
                return fail(context, .proxy, UpstreamError(.proxy, "\(place) \(ProxyURL.demandsCredentials)"))
            }
            guard state.received(head) else { return fail(context, .malformed, nil) }
            // What follows may take less long than the head.
            if !state.isIdle { armTimer(context) }
            consumer?.response(head: head)
        case .body(let octets):
            guard state.received(octets: octets.readableBytes) else { return fail(context, .malformed, nil) }
            guard trickle.takes(octets.readableBytes, from: before, to: lastActivity) else {
                return fail(context, .slow, nil)
            }
            consumer?.response(body: octets)
        case .end:
            let outcome = state.received()
            let consumer = take(outcome)
            // The connection is free before the consumer hears of the end, whose next request then finds it.
            if outcome == .ended(reusable: true) { becomeIdle() }
            deliver(outcome, to: consumer, nil)
            if state.isClosed { context.close(promise: nil) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard state.isReceiving, let consumer, !consumer.wantsMore() else {
            // The socket is read between exchanges, too, to see when the upstream closes the connection.
            context.read()
            return
        }
        isPaused = true
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(context, .closed, nil)
        timer?.cancel()
        timer = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.invalidEOFState: fail(context, .closed, error)
        case is HTTPParserError: fail(context, .malformed, error)
        case let error as UpstreamError: fail(context, error.code, error)
        // A server may end a kept connection without TLS close_notify.
        case let error as TLSError where error.code == .truncated: fail(context, .closed, error)
        case is TLSError: fail(context, .tls, error)
        default: fail(context, .closed, error)
        }
    }

    // MARK: outcome

    private func fail(_ context: ChannelHandlerContext, _ code: UpstreamError.Code, _ underlying: (any Error)?) {
        if code == .tls, state.isIdle, state.count == 0 {
            refusal = error(code, underlying)
        }
        let outcome = state.fail(code)
        deliver(outcome, to: take(outcome), underlying)
        context.close(promise: nil)
    }

    private func take(_ outcome: ExchangeState.Outcome) -> (any ResponseConsumer)? {
        guard outcome != .none else { return nil }
        defer { consumer = nil }
        return consumer
    }

    private func deliver(
        _ outcome: ExchangeState.Outcome, to consumer: (any ResponseConsumer)?, _ underlying: (any Error)?
    ) {
        guard let consumer else { return }
        switch outcome {
        case .none: break
        case .ended: consumer.responseEnded()
        case .failed(let code):
            consumer.responseFailed(error(code, underlying))
        }
    }

    /// What the consumer is told; a handler before this one may have said it already.
    private func error(_ code: UpstreamError.Code, _ underlying: (any Error)?) -> UpstreamError {
        if let error = underlying as? UpstreamError, error.code == code { return error }
        return UpstreamError(code, Self.message(code), underlying: underlying)
    }

    private static func silence(_ time: TimeAmount) -> UpstreamError {
        let milliseconds = (time.nanoseconds + 500_000) / 1_000_000
        let words = milliseconds < 1000 ? "\(milliseconds) ms" : "\((milliseconds + 500) / 1000) s"
        return UpstreamError(.timeout, "the upstream sent nothing for \(words)")
    }

    private static func message(_ code: UpstreamError.Code) -> String {
        switch code {
        case .timeout: "the upstream sent nothing for too long"
        case .slow: "the upstream's answer comes too slowly to be waited for"
        case .stale: "the upstream closed a kept connection"
        case .malformed: "the upstream's answer is not HTTP/1.1 or too large"
        case .cancelled: "cancelled"
        case .tls: "the connection to the upstream broke"
        default: "the upstream closed the connection before its answer was complete"
        }
    }

    private func becomeIdle() {
        lastActivity = .now()
        onIdle?()
    }

    // MARK: time

    /// One timer a connection, set again only when it fires, or when it would fire too late.
    private func armTimer(_ context: ChannelHandlerContext) {
        let limit = limit
        guard timer == nil || alarm > lastActivity + limit else { return }
        timer?.cancel()
        schedule(context, in: limit)
    }

    private func schedule(_ context: ChannelHandlerContext, in delay: TimeAmount) {
        alarm = .now() + delay
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.timerFired() }
    }

    /// How long nothing may happen in the present state.
    private var limit: TimeAmount {
        if state.isIdle { return configuration.keepAlive }
        if state.isAwaitingHead { return state.isSafe ? configuration.idleTimeout : configuration.commitTimeout }
        return min(silence ?? configuration.idleTimeout, configuration.idleTimeout)
    }

    private func timerFired() {
        timer = nil
        guard let context, !state.isClosed else { return }
        let quiet = NIODeadline.now() - lastActivity
        let limit = limit
        if isPaused && !state.isIdle {
            schedule(context, in: limit)
        } else if quiet >= limit {
            fail(context, .timeout, Self.silence(quiet))
        } else {
            schedule(context, in: limit - quiet)
        }
    }
}
