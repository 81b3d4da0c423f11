import NIOCore
import NIOPosix

/// A UDP socket on an event loop, bound or connected, until it fails or is closed. It is not reopened: its owner makes the
/// next, since NIO closes a datagram channel on every failed write but EMSGSIZE and EHOSTUNREACH, a mere ECONNREFUSED too.
final class DatagramSocket {
    let eventLoop: any EventLoop
    /// The address at this end.
    let local: SocketAddress
    /// The address it is connected to, as the system writes it.
    let remote: SocketAddress?
    /// Octets of the receive buffer, as the system counts them.
    let receiveBufferSize: Int
    /// Path MTU of a connected socket, IP header included.
    let pathMTU: Int?

    /// A datagram came; with a segment size in its metadata, several of that size (UDP_GRO).
    var onReceive: ((AddressedEnvelope<ByteBuffer>) -> Void)?
    /// All datagrams of this wake-up have been handed over.
    var onBatchEnd: (() -> Void)?
    /// An error that the socket survives, such as ECONNREFUSED.
    var onError: ((any Error) -> Void)?
    /// The socket was closed by something else than `close()`.
    var onLost: (() -> Void)?

    private let descriptor: CInt
    private var channel: (any Channel)?
    private var isClosed = false
    /// Whether a write has failed since the channel died: the first to fail is the one that killed it, later ones are innocent.
    private var foundCulprit = false
    /// Only a connected socket takes plain ByteBuffers; others need an address with each.
    private let isConnected: Bool

    static let messagesPerRead = 8
    static let octetsPerMessage = 64 * 1024

    private init(descriptor: CInt, local: SocketAddress, remote: SocketAddress?, on eventLoop: any EventLoop) {
        self.descriptor = descriptor
        self.eventLoop = eventLoop
        self.local = local
        self.remote = remote
        isConnected = remote != nil
        receiveBufferSize = SystemSocket.receiveBufferSize(descriptor)
        pathMTU = remote.flatMap { SystemSocket.pathMTU(descriptor, isV6: $0.protocol == .inet6) }
    }

    /// Opens a socket bound to `local` (any when nil), connected to `remote` when given. It is ready when the future is.
    static func open(
        local: SocketAddress? = nil, remote: SocketAddress? = nil, sharesAddress: Bool = false,
        configuration: FaceConfiguration, on eventLoop: any EventLoop
    ) throws(SystemError) -> (socket: DatagramSocket, ready: EventLoopFuture<Void>) {
        let descriptor = try SystemSocket.openDatagram(
            local: local, remote: remote, sharesAddress: sharesAddress, receiveBuffer: configuration.receiveBufferSize,
            sendBuffer: configuration.sendBufferSize)
        // The system makes 127.0.0.1 of a remote 0.0.0.0, and NIO compares with what the system says.
        let peer = remote.flatMap { _ in SystemSocket.address(descriptor, ofPeer: true) }
        guard let bound = SystemSocket.address(descriptor), remote == nil || peer != nil else {
            SystemSocket.shut(descriptor)
            throw SystemError(call: "getsockname")
        }
        let made = DatagramSocket(descriptor: descriptor, local: bound, remote: peer, on: eventLoop)
        return (made, made.activate(configuration))
    }

    private func activate(_ configuration: FaceConfiguration) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let wantsPacketInfo = remote == nil && local.isWildcard
        let high = configuration.outboundLimit
        var bootstrap = DatagramBootstrap(group: eventLoop)
            .channelOption(.writeBufferWaterMark, value: .init(low: high / 4, high: high))
            .channelOption(.datagramVectorReadMessageCount, value: DatagramSocket.messagesPerRead)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(
                    capacity: DatagramSocket.messagesPerRead * DatagramSocket.octetsPerMessage)
            )
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    bound.value.channel = channel
                    try channel.pipeline.syncOperations.addHandler(DatagramHandler(bound.value))
                }
            }
        if System.supportsUDPReceiveOffload {
            bootstrap = bootstrap.channelOption(.datagramReceiveOffload, value: true)
                .channelOption(.datagramReceiveSegmentSize, value: true)
        }
        let remote = remote
        return bootstrap.withBoundSocket(descriptor).flatMap { channel in
            guard let remote else {
                return wantsPacketInfo
                    ? channel.setOption(.receivePacketInfo, value: true) : channel.eventLoop.makeSucceededVoidFuture()
            }
            return channel.connect(to: remote)
        }
    }

    /// Queues a send; false when the queue is full or the socket gone.
    ///
    /// - Parameter done: called with what became of a train; nil when nobody wants to know.
    func write(_ send: DatagramSend, to peer: SocketAddress, done: ((DatagramOutcome) -> Void)? = nil) -> Bool {
        guard let channel, channel.isActive, channel.isWritable else { return false }
        guard let segmentSize = send.segmentSize else {
            let data =
                isConnected ? NIOAny(send.octets) : NIOAny(AddressedEnvelope(remoteAddress: peer, data: send.octets))
            channel.pipeline.syncOperations.write(data, promise: nil)
            return true
        }
        let metadata = AddressedEnvelope<ByteBuffer>.Metadata(
            ecnState: .transportNotCapable, packetInfo: nil, segmentSize: segmentSize)
        let envelope = AddressedEnvelope(remoteAddress: peer, data: send.octets, metadata: metadata)
        channel.pipeline.syncOperations.write(NIOAny(envelope), promise: done.map(promise))
        return true
    }

    private func promise(_ done: @escaping (DatagramOutcome) -> Void) -> EventLoopPromise<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [weak self] result in
            guard case .failure(let error) = result else { return done(.taken) }
            guard let self else { return }
            let isFatal = error is IOError
            let isCulprit = !isFatal || !foundCulprit
            foundCulprit = foundCulprit || isFatal
            done(.failed(error, isCulprit: isCulprit))
        }
        return promise
    }

    func flush() {
        channel?.pipeline.syncOperations.flush()
    }

    func close() {
        isClosed = true
        (onReceive, onBatchEnd, onError, onLost) = (nil, nil, nil, nil)
        channel?.close(promise: nil)
        channel = nil
    }

    /// Lets another socket bind an address that this one's wildcard covers, or forbids it again.
    func shareAddress(_ share: Bool) {
        guard !isClosed else { return }
        SystemSocket.shareAddress(descriptor, share)
    }

    fileprivate func inactive() {
        channel = nil
        guard !isClosed else { return }
        isClosed = true
        let lost = onLost
        (onReceive, onBatchEnd, onError, onLost) = (nil, nil, nil, nil)
        lost?()
    }
}

/// What the kernel did with a train.
enum DatagramOutcome {
    case taken
    /// - isCulprit: whether this very train is to blame, and not one before it that broke the socket.
    case failed(any Error, isCulprit: Bool)
}

/// Hands a datagram channel's events to its socket.
private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let socket: DatagramSocket

    init(_ socket: DatagramSocket) {
        self.socket = socket
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        socket.onReceive?(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        socket.onBatchEnd?()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        socket.onError?(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        socket.inactive()
    }
}
