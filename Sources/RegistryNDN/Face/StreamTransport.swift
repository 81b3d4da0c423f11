import Logging
import NIOCore

/// A Unix or TCP stream under a face: TLV elements back to back (docs/protocol.md 7.1).
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
    /// Elements that are delivered before the outbound queue is looked at: their answers have a megabyte.
    static let batch = 128
    /// Whether delivery is held, and reading with it, since answers fill the outbound queue. A peer that asks for more than it
    /// takes is slowed down that way, and loses nothing.
    private var isHeld = false
    /// Ends a hold: two peers that each wait for the other to read would wait for ever.
    private var holdEnd: Scheduled<Void>?
    static let longestHold = TimeAmount.milliseconds(100)
    private var isReadWanted = false
    /// Octets that may wait for the socket; more is dropped.
    private let outboundLimit: Int
    /// Small packets are put together: copying 100 octets is cheaper than an iovec of their own.
    private var gathered = ByteBuffer()
    private var gatheredIsWritten = false
    private static let gatherLimit = 2048
    private static let gatherCapacity = 64 * 1024

    init(outboundLimit: Int) {
        self.outboundLimit = outboundLimit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { activate(context.channel) }
    }

    func channelActive(context: ChannelHandlerContext) {
        activate(context.channel)
    }

    /// Calls `body` once packets can be sent: a connection is made a little before.
    func whenActive(_ body: @escaping (any Channel) -> Void) {
        guard let channel else {
            onActive = body
            return
        }
        body(channel)
    }

    private func activate(_ channel: any Channel) {
        guard self.channel == nil else { return }
        self.channel = channel
        onActive?(channel)
        onActive = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !sawGarbage else { return }
        framer.append(unwrapInboundIn(data))
        if !isHeld { deliver(context) }
    }

    /// Delivers elements until none is left, or until their answers fill the outbound queue.
    private func deliver(_ context: ChannelHandlerContext) {
        guard let face else { return }
        do {
            while try deliverBatch(to: face) {
                face.endBatch()
                guard context.channel.isWritable else { return hold(context, Self.longestHold) }
            }
        } catch {
            sawGarbage = true
            face.dropIncoming("octets that are no NDN element")
            face.logger.debug("closing a connection that does not speak NDN", metadata: ["remote": "\(face.remote)"])
            context.close(promise: nil)
        }
    }

    /// - Returns: whether there may be more elements. The batch is open still.
    private func deliverBatch(to face: Face) throws(WireError) -> Bool {
        face.beginBatch()
        for _ in 0..<Self.batch {
            guard face.transport === self, let element = try framer.next() else { return false }
            heardElement = true
            elements += 1
            face.receive(element)
        }
        return true
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        face?.endBatch()
        readDelay = coalescing.delay(after: elements, awaited: face?.awaited ?? 0, now: context.eventLoop.now)
        elements = 0
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        guard !isHeld else {
            isReadWanted = true
            return
        }
        guard let delay = readDelay else { return context.read() }
        readDelay = nil
        // Without effect on a channel that is closed by then.
        context.eventLoop.assumeIsolated().scheduleTask(in: delay) { context.read() }
    }

    private func hold(_ context: ChannelHandlerContext, _ time: TimeAmount) {
        isHeld = true
        holdEnd?.cancel()
        holdEnd = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in self?.goOn(context) }
    }

    /// Not at once: the event comes in the middle of a flush, whose caller has more to do.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isHeld, context.channel.isWritable { hold(context, .zero) }
        context.fireChannelWritabilityChanged()
    }

    private func goOn(_ context: ChannelHandlerContext) {
        isHeld = false
        guard channel != nil else { return }
        deliver(context)
        guard !isHeld else { return }
        face?.endBatch()
        guard isReadWanted else { return }
        isReadWanted = false
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        channel = nil
        holdEnd?.cancel()
        holdEnd = nil
        let handler = onInactive
        onInactive = nil
        handler?()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        face?.logger.debug("connection failed", metadata: ["error": "\(NetworkErrorSentence.of(error) ?? "\(error)")"])
        context.close(promise: nil)
    }

    func send(_ element: ByteBuffer) -> Bool {
        guard let channel, hasRoom(channel) else { return false }
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

    var isBacklogged: Bool { channel.map { !$0.isWritable } ?? false }

    /// Data that comes from elsewhere for a peer that is not read is still queued, up to the limit.
    private func hasRoom(_ channel: any Channel) -> Bool {
        if channel.isWritable { return true }
        let waiting = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
        return waiting.map { $0 < outboundLimit } ?? false
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
