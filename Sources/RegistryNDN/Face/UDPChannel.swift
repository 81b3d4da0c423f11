import Logging
import NIOCore

/// One peer of a UDP listener.
struct DatagramPeer {
    let face: Face
    let transport: DatagramTransport
}

/// One local address of a UDP listener: a socket, opened again when it is lost, and the peers that are answered from it. NFD
/// calls that a channel, too.
final class UDPChannel {
    /// The address of the socket, with the real port.
    private(set) var local: SocketAddress
    var onReceive: ((AddressedEnvelope<ByteBuffer>) -> Void)?
    var onBatchEnd: (() -> Void)?
    /// Allows several sockets on the port, or forbids them again; returns whether there are other sockets.
    var share: ((Bool) -> Bool)?
    /// The socket could not be opened: peers are answered from the main socket.
    var hasFailed = false
    private(set) var isOpen = false

    private let listener: FaceListener
    private var socket: DatagramSocket?
    private var peers: [SocketAddress: DatagramPeer] = [:]
    /// The peer of the last datagram: trains come from one.
    private var latest: DatagramPeer?
    private var waiting: [AddressedEnvelope<ByteBuffer>] = []
    private let reopening: DeadlineTimer
    private var pause = ReopeningPause()
    private static let waitingLimit = 64

    init(_ address: SocketAddress, _ listener: FaceListener) {
        local = address
        self.listener = listener
        reopening = DeadlineTimer(on: listener.eventLoop)
        reopening.onDeadline = { [weak self] in self?.reopen() }
    }

    /// Opens the socket; returns its address.
    func open() -> EventLoopFuture<SocketAddress> {
        let isShared = share?(true) ?? false
        defer { _ = share?(false) }
        let made: (socket: DatagramSocket, ready: EventLoopFuture<Void>)
        do {
            made = try DatagramSocket.open(
                local: local, sharesAddress: isShared, configuration: listener.configuration,
                on: listener.eventLoop)
        } catch {
            return listener.eventLoop.makeFailedFuture(error)
        }
        let new = made.socket
        socket = new
        local = new.local
        new.onReceive = { [unowned self] in
            pause.heard()
            onReceive?($0)
        }
        new.onBatchEnd = { [unowned self] in onBatchEnd?() }
        new.onLost = { [unowned self] in lost() }
        let bound = NIOLoopBound(self, eventLoop: listener.eventLoop)
        return made.ready.map { bound.value.opened() }
    }

    private func opened() -> SocketAddress {
        isOpen = true
        guard let socket else { return local }
        UDPReceiveBuffer.adviseOnce(socket.receiveBufferSize, listener.configuration, listener.logger)
        for peer in peers.values { peer.transport.socket = socket }
        return local
    }

    func close() {
        reopening.cancel()
        isOpen = false
        (onReceive, onBatchEnd, share) = (nil, nil, nil)
        socket?.close()
        socket = nil
    }

    func shareAddress(_ share: Bool) {
        socket?.shareAddress(share)
    }

    /// A failed write (such as EPERM of a firewall) closed the socket: a new socket takes over, and the faces stay.
    private func lost() {
        isOpen = false
        for peer in peers.values { peer.transport.socket = nil }
        listener.logger.debug("listening socket lost, opening it again", metadata: ["local": "\(local)"])
        reopening.schedule(at: listener.eventLoop.now + pause.lost())
    }

    private func reopen() {
        open().assumeIsolated().whenComplete { [weak self] result in
            if case .failure = result { self?.lost() }
        }
    }

    func peer(_ address: SocketAddress) -> DatagramPeer? {
        if let latest, latest.transport.peer == address { return latest }
        guard let found = peers[address] else { return nil }
        latest = found
        return found
    }

    func addPeer(_ address: SocketAddress) -> DatagramPeer {
        let configuration = listener.configuration
        let transport = DatagramTransport(
            socket: socket, peer: address, offload: configuration.segmentationOffload)
        let face = Face(
            remote: FaceURI(.udp, address), local: FaceURI(.udp, local), isLocal: false, on: listener.eventLoop,
            logger: listener.logger)
        let pathMTU = configuration.mtu == nil ? SystemSocket.pathMTU(to: address) : nil
        face.mtu = FaceMTU.of(pathMTU: pathMTU, to: address, configuration)
        face.initialWindow = UDPReceiveBuffer.window(socket?.receiveBufferSize ?? 0)
        transport.onRefusedOffload = { [unowned face, unowned transport] in
            FaceMTU.lower(face, transport, configuration)
        }
        let peer = DatagramPeer(face: face, transport: transport)
        peers[address] = peer
        latest = peer
        listener.add(face, transport) { [weak self] in self?.removePeer(address) }
        return peer
    }

    private func removePeer(_ address: SocketAddress) {
        peers[address] = nil
        latest = nil
    }

    /// Keeps a datagram until the socket is open.
    func wait(_ envelope: AddressedEnvelope<ByteBuffer>) {
        guard waiting.count < UDPChannel.waitingLimit else { return }
        waiting.append(envelope)
    }

    func takeWaiting() -> [AddressedEnvelope<ByteBuffer>] {
        let all = waiting
        waiting = []
        return all
    }
}
