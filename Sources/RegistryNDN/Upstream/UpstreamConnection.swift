import NIOCore
import NIOHTTP1

/// A connection to an upstream, from any thread.
final class UpstreamConnection: Sendable {
    let channel: any Channel
    private let handler: NIOLoopBound<UpstreamHandler>

    init(channel: any Channel, handler: NIOLoopBound<UpstreamHandler>) {
        self.channel = channel
        self.handler = handler
    }

    var eventLoop: any EventLoop { channel.eventLoop }

    /// Starts an exchange.
    func start(_ head: HTTPRequestHead, hasBody: Bool, consumer: any ResponseConsumer & Sendable) {
        eventLoop.execute { self.handler.value.start(head, hasBody: hasBody, consumer: consumer) }
    }

    /// Sends a part of the request body and returns once the kernel has it.
    func send(_ octets: ByteBuffer) async throws {
        try await channel.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(octets)))
        eventLoop.execute { self.handler.value.touch() }
    }

    func requestEnded() { eventLoop.execute { self.handler.value.requestEnded() } }
    func abandonRequest() { eventLoop.execute { self.handler.value.abandonRequest() } }
    func resume() { eventLoop.execute { self.handler.value.resume() } }

    func limitSilence(_ consumer: any ResponseConsumer & Sendable, to limit: TimeAmount) {
        eventLoop.execute { self.handler.value.limitSilence(consumer, to: limit) }
    }

    func cancel(_ consumer: any ResponseConsumer & Sendable) {
        eventLoop.execute { self.handler.value.cancel(consumer) }
    }

    func close() { channel.close(promise: nil) }
}
