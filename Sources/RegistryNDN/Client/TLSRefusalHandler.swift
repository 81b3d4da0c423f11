internal import NIOCore

/// Answers a TLS handshake on the plain port in words that an HTTP client understands, and at once.
///
/// Docker tries TLS first, on localhost too. It falls back to HTTP when it reads an HTTP response where a TLS record
/// should be.
final class TLSRefusalHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// ContentType handshake(22), RFC 8446 section 5.1. No HTTP method begins with it.
    static let handshake: UInt8 = 0x16
    /// The connection is closed 100 ms after the handshake's first octet at the latest. It is not closed at once: a
    /// reset, which an octet still on its way would cause, could overtake the response.
    static let linger = TimeAmount.milliseconds(50)

    private static let text = "Client sent TLS to a plain HTTP port\n"
    private static let response =
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        + "Content-Length: \(text.utf8.count)\r\n\r\n\(text)"

    private enum State {
        case first
        case plain
        case refused
    }

    private var state = State.first

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state == .first, let octet = unwrapInboundIn(data).readableBytesView.first {
            state = octet == Self.handshake ? .refused : .plain
            if state == .refused { refuse(context) }
        }
        if state == .plain { context.fireChannelRead(data) }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.response)), promise: nil)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
    }
}
