import NIOCore

/// Opens a tunnel through an HTTP proxy with CONNECT (RFC 9110 section 9.3.6). The handlers above learn of the connection only
/// when the tunnel is open. Confined to its event loop.
final class ProxyTunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes of a proxy's answer to CONNECT, at most.
    private static let maximumHead = 16_384

    private let proxy: ProxyURL
    private let target: TLSPeer
    private let timeout: TimeAmount
    private let established: EventLoopPromise<Void>
    private var answer = ByteBuffer()
    private var isOpen = false
    private var hasFailed = false
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - timeout: for the proxy's answer.
    ///   - established: fails with `UpstreamError` when the proxy does not help.
    init(_ proxy: ProxyURL, to target: TLSPeer, timeout: TimeAmount, established: EventLoopPromise<Void>) {
        self.proxy = proxy
        self.target = target
        self.timeout = timeout
        self.established = established
    }

    func channelActive(context: ChannelHandlerContext) {
        var request = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let authorization = proxy.authorization { request += "Proxy-Authorization: \(authorization)\r\n" }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request + "\r\n")), promise: nil)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
            guard let self else { return }
            self.fail(context, "did not answer within \(self.timeout.nanoseconds / 1_000_000_000) s")
        }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOpen else { return context.fireChannelRead(data) }
        guard !hasFailed else { return }
        answer.writeImmutableBuffer(unwrapInboundIn(data))
        let mark = Array("\r\n\r\n".utf8)
        guard let end = answer.readableBytesView.firstRange(of: mark) else {
            if answer.readableBytes > Self.maximumHead { fail(context, "does not answer in HTTP") }
            return
        }
        let status = Self.status(answer.readableBytesView)
        guard let status, (200..<300).contains(status) else { return fail(context, Self.refusal(status)) }
        // At the end of the tunnel nobody speaks before TLS begins.
        guard end.upperBound == answer.writerIndex else { return fail(context, "sent more than an answer to CONNECT") }
        isOpen = true
        timer?.cancel()
        context.fireChannelActive()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isOpen { context.fireChannelReadComplete() } else { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOpen { fail(context, "closed the connection") }
        timer?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isOpen { fail(context, "broke off: \(ErrorSentence.of(error))") }
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    /// The status of an answer that begins with `HTTP/1.x NNN`.
    private static func status(_ answer: ByteBufferView) -> Int? {
        let line = String(decoding: answer.prefix { $0 != 0x0D }.prefix(256), as: UTF8.self)
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3 else { return nil }
        return Int(words[1])
    }

    private static func refusal(_ status: Int?) -> String {
        switch status {
        case nil: "does not answer in HTTP"
        case 407?: ProxyURL.demandsCredentials
        case let status?: "refuses the way (\(status)): it must permit CONNECT to this host and port"
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ what: String) {
        guard !hasFailed, !isOpen else { return }
        hasFailed = true
        established.fail(UpstreamError(.proxy, "the proxy \(proxy) on the way to \(target) \(what)"))
        context.close(promise: nil)
    }
}
