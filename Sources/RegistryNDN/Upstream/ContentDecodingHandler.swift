internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression

/// Asks for gzip, and takes the fields that tell of it out of the answer that a decompressor below has decoded.
///
/// RFC 9110 sections 8.4 and 8.6: Content-Encoding and Content-Length are those of the bytes that were transferred.
final class ContentDecodingHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// The two handlers, in the pipeline's order.
    ///
    /// - Parameter limit: bytes of a decoded body; a longer one is an error.
    static func handlers(limit: Int) -> [any ChannelHandler] {
        [NIOHTTPResponseDecompressor(limit: .size(limit)), ContentDecodingHandler()]
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        head.headers.replaceOrAdd(name: "Accept-Encoding", value: "gzip")
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), head.contentCoding != nil else {
            return context.fireChannelRead(data)
        }
        // The decompressor looks at the first field, and knows these two as all of its value.
        let codings = head.headers["content-encoding"]
        guard codings.count == 1, ["gzip", "deflate"].contains(codings[0].lowercased()) else {
            return fail(
                context, "it is in the content coding \(codings.joined(separator: ", ")) though gzip was asked for")
        }
        for name in ["Content-Encoding", "Content-Length"] { head.headers.remove(name: name) }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOHTTPDecompression.DecompressionError.limit: fail(context, "it is too large when decompressed")
        case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
            fail(context, "it cannot be decompressed")
        default: context.fireErrorCaught(error)
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ why: String) {
        context.fireErrorCaught(UpstreamError(.malformed, "the upstream's answer cannot be used: \(why)"))
    }
}
