internal import NIOCore
internal import NIOHTTP1

/// Answers bytes that are not HTTP with 400, after the responses that are still due.
final class ProtocolErrorHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let linger: TimeAmount
    /// Requests whose head has come and whose response has not ended.
    private var due = 0
    private var isInsideRequest = false
    private var isInsideResponse = false
    /// What is answered once no response is due.
    private var pending: RequestRefusal?
    private var isClosing = false

    init(linger: TimeAmount = WrongProtocolHandler.linger) { self.linger = linger }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            due += 1
            isInsideRequest = true
        case .body: break
        case .end: isInsideRequest = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head): isInsideResponse = !(100..<200).contains(head.status.code)
        case .body: break
        case .end:
            isInsideResponse = false
            due -= 1
        }
        context.write(data, promise: promise)
        if due == 0, let pending {
            // The end of the last response is not flushed yet: both leave together.
            answer(pending, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let parserError = error as? HTTPParserError else {
            // After its first error the decoder reports every further byte.
            if !(error is ByteToMessageDecoderError) { context.fireErrorCaught(error) }
            return
        }
        guard pending == nil, !isClosing else { return }
        let refusal = RequestRefusal(parserError)
        if isInsideRequest {
            // The responder that reads this body must learn that the body will not end.
            if due == 1, !isInsideResponse { answer(refusal, context) }
            context.fireErrorCaught(error)
        } else if due == 0 {
            answer(refusal, context)
        } else {
            pending = refusal
        }
    }

    private func answer(_ refusal: RequestRefusal, _ context: ChannelHandlerContext) {
        isClosing = true
        let body = ByteBuffer(string: refusal.error.body)
        let head = HTTPResponseHead(
            version: .http1_1, status: refusal.status,
            headers: [
                "Connection": "close", "Content-Length": String(body.readableBytes),
                "Content-Type": OCIError.contentType,
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: linger) { channel.close(promise: nil) }
    }
}
