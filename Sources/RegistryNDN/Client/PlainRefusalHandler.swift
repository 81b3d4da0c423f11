internal import NIOCore

/// Answers HTTP without TLS on the TLS port in words that an HTTP client understands; what is neither is closed at once.
final class PlainRefusalHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let text = "Client sent an HTTP request to an HTTPS port: use https://\n"
    private static let response =
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        + "Content-Length: \(text.utf8.count)\r\n\r\n\(text)"

    private enum State {
        case first
        case secure
        case refused
    }

    private var state = State.first

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state == .first, let octet = unwrapInboundIn(data).readableBytesView.first {
            state = octet == TLSRefusalHandler.handshake ? .secure : .refused
            if state == .refused { refuse(context, speaksHTTP: (0x41...0x5A).contains(octet)) }
        }
        if state == .secure { context.fireChannelRead(data) }
    }

    private func refuse(_ context: ChannelHandlerContext, speaksHTTP: Bool) {
        guard speaksHTTP else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.response)), promise: nil)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        // Not at once: a reset, which an octet still on its way would cause, could overtake the response.
        context.eventLoop.scheduleTask(in: TLSRefusalHandler.linger) { channel.close(promise: nil) }
    }
}
