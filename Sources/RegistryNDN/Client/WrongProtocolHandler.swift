internal import NDN
internal import NIOCore

/// Answers TLS on a plain port, and plain HTTP on a TLS port, in words that an HTTP client understands, and at once. A
/// connection with anything else is closed on a TLS port; on a plain one the HTTP decoder judges it.
///
/// Docker tries TLS first, on localhost too. It falls back to HTTP when it reads an HTTP response where a TLS record
/// should be.
final class WrongProtocolHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// ContentType handshake(22), RFC 8446 section 5.1. No HTTP method begins with it.
    private static let handshake: UInt8 = 0x16
    /// The connection is closed 100 ms after its first byte at the latest. It is not closed at once: a reset, which an
    /// byte still on its way would cause, could overtake the response.
    static let linger = TimeAmount.milliseconds(50)

    private enum State {
        case first
        case accepted
        case refused
    }

    private let isSecure: Bool
    private var state = State.first

    /// - Parameter isSecure: whether TLS is spoken on this port.
    init(isSecure: Bool) { self.isSecure = isSecure }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state == .first, let octet = unwrapInboundIn(data).readableBytesView.first {
            state = (octet == Self.handshake) == isSecure ? .accepted : .refused
            if state == .refused { refuse(context, octet) }
        }
        if state == .accepted { context.fireChannelRead(data) }
    }

    private func refuse(_ context: ChannelHandlerContext, _ octet: UInt8) {
        // An HTTP method begins with a capital letter.
        guard !isSecure || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) else {
            return context.close(promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: response)), promise: nil)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
    }

    private var response: String {
        let text =
            isSecure
            ? "Client sent an HTTP request to an HTTPS port: use https://\n"
            : "Client sent TLS to a plain HTTP port\n"
        return "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
            + "Content-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }
}
