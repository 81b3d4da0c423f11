internal import NIOCore
internal import NIOHTTP1

/// Cleans up the response heads that the parser below gives.
///
/// Values lose the white space around them, and a head that is none becomes an error (`ResponseHeadCheck`). Interim responses
/// (RFC 9110 section 15.2) go no further, and only a few may come before the final one: the client waits for its answer all the
/// while.
final class ResponseHeadHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    /// Interim responses before a final one.
    static let maximumInterim = 16

    private var interim = 0

    /// The handlers of an HTTP/1.1 client, this one as the last of them.
    static func client(_ limits: NIOHTTPDecoderLimitConfiguration) -> [any ChannelHandler] {
        let decoder = HTTPResponseDecoder(
            leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward, limitConfiguration: limits)
        return [
            HTTPRequestEncoder(), ByteToMessageHandler(decoder), NIOHTTPRequestHeadersValidator(),
            ResponseHeadHandler(),
        ]
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        guard !head.isInterim else {
            interim += 1
            // One error is enough: what is still in the buffer comes here before the connection has ended.
            guard interim == Self.maximumInterim + 1 else { return }
            context.fireErrorCaught(
                UpstreamError(.malformed, "the upstream sends interim responses (1xx) without end instead of an answer")
            )
            return
        }
        interim = 0
        head.headers.trimValues()
        if let fault = ResponseHeadCheck.fault(of: head) { return context.fireErrorCaught(fault) }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

extension HTTPResponseHead {
    /// Whether a final response follows; after 101 another protocol does, which nobody asked for.
    fileprivate var isInterim: Bool { (100..<200).contains(status.code) && status != .switchingProtocols }
}
