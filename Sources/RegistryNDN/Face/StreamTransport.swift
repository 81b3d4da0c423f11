import Logging
import NIOCore

/// A Unix or TCP stream under a face: TLV elements back to back (PROTOCOL.md 6.1.1).
final class StreamTransport: ChannelDuplexHandler, FaceTransport {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let isDatagram = false
    /// What came is not a sequence of elements: the connection is of no use any more.
    private(set) var sawGarbage = false
    /// At least one element came: the peer speaks NDN.
    private(set) var heardElement = false
    /// The connection has ended.
    var onInactive: (() -> Void)?
    /// The connection is established.
    var onActive: ((any Channel) -> Void)?
    weak var face: Face?

    private var framer = StreamFramer()
    private var channel: (any Channel)?
    private var coalescing = ReadCoalescing()
    /// Elements of the present wake-up.
    private var elements = 0
    private var readDelay: TimeAmount?
    /// Small packets are put together: copying 100 octets is cheaper than an iovec of their own.
    private var gathered = ByteBuffer()
    private var gatheredIsWritten = false
    private static let gatherLimit = 2048
    private static let gatherCapacity = 64 * 1024

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { activate(context.channel) }
    }

    func channelActive(context: ChannelHandlerContext) {
        activate(context.channel)
    }

    private func activate(_ channel: any Channel) {
        guard self.channel == nil else { return }
        self.channel = channel
        onActive?(channel)
        onActive = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let face, !sawGarbage else { return }
        face.beginBatch()
        framer.append(unwrapInboundIn(data))
        do {
            while face.transport === self, let element = try framer.next() {
                heardElement = true
                elements += 1
                face.receive(element)
            }
        } catch {
            sawGarbage = true
            face.dropIncoming("octets that are no NDN element")
            face.logger.debug("closing a connection that does not speak NDN", metadata: ["remote": "\(face.remote)"])
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        face?.endBatch()
        readDelay = coalescing.delay(after: elements, now: context.eventLoop.now)
        elements = 0
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        guard let delay = readDelay else { return context.read() }
        readDelay = nil
        // Without effect on a channel that is closed by then.
        context.eventLoop.assumeIsolated().scheduleTask(in: delay) { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        channel = nil
        let handler = onInactive
        onInactive = nil
        handler?()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        face?.logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    func send(_ element: ByteBuffer) -> Bool {
        guard let channel, channel.isWritable else { return false }
        if element.readableBytes <= StreamTransport.gatherLimit {
            if gathered.readableBytes + element.readableBytes > StreamTransport.gatherCapacity {
                writeGathered(channel)
            }
            if gatheredIsWritten {
                gathered.clear()  // the same memory again, unless the channel still holds it
                gatheredIsWritten = false
            }
            gathered.writeImmutableBuffer(element)
        } else {
            writeGathered(channel)
            channel.pipeline.syncOperations.write(NIOAny(element), promise: nil)
        }
        return true
    }

    func send(train: ByteBuffer, packetSize: Int) -> Bool {
        send(train)
    }

    func flush() {
        guard let channel else { return }
        writeGathered(channel)
        channel.pipeline.syncOperations.flush()
    }

    func close() {
        onInactive = nil
        channel?.close(promise: nil)
    }

    private func writeGathered(_ channel: any Channel) {
        guard !gatheredIsWritten, gathered.readableBytes > 0 else { return }
        gatheredIsWritten = true
        channel.pipeline.syncOperations.write(NIOAny(gathered), promise: nil)
    }
}
