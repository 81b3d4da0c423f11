import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A UDP face's way to one address, from one port: connected sockets, one after the other, since NIO closes a socket for an
/// error that says nothing about the peer.
final class DatagramConnection: FaceConnection {
    private let connector: FaceConnector
    private let address: SocketAddress
    private var transport: DatagramTransport?
    private var socket: DatagramSocket?
    private let reopening: DeadlineTimer
    private var pause = ReopeningPause()

    init(_ connector: FaceConnector, to address: SocketAddress) {
        self.connector = connector
        self.address = address
        reopening = DeadlineTimer(on: connector.eventLoop)
        reopening.onDeadline = { [weak self] in self?.open() }
    }

    func open() {
        do {
            use(try makeSocket())
        } catch {
            connector.failed(self, error)
        }
    }

    func close() {
        reopening.cancel()
        socket?.close()
        socket = nil
        transport?.close()
    }

    /// Bound to the port of the socket before, if it is free: the peer knows this face by that port.
    private func makeSocket() throws(SystemError) -> (socket: DatagramSocket, ready: EventLoopFuture<Void>) {
        if let before = socket?.local,
            let again = try? DatagramSocket.open(
                local: before, remote: address, configuration: connector.configuration, on: connector.eventLoop)
        {
            return again
        }
        return try DatagramSocket.open(
            remote: address, configuration: connector.configuration, on: connector.eventLoop)
    }

    private func use(_ made: (socket: DatagramSocket, ready: EventLoopFuture<Void>)) {
        let new = made.socket
        socket = new
        new.onReceive = { [unowned self] in receive($0) }
        new.onBatchEnd = { [unowned self] in connector.face.endBatch() }
        new.onError = { [unowned self] in refused($0) }
        new.onLost = { [unowned self] in lost() }
        made.ready.assumeIsolated().whenComplete { [weak self] result in
            guard let self, socket === new else { return }
            switch result {
            case .success: established(new)
            case .failure(let error): transport == nil ? connector.failed(self, error) : lost()
            }
        }
    }

    private func established(_ socket: DatagramSocket) {
        let face = connector.face
        guard let peer = socket.remote else { return }
        face.local = FaceURI(.udp, socket.local)
        face.remote = FaceURI(.udp, peer)
        face.mtu = FaceMTU.of(pathMTU: socket.pathMTU, to: peer, connector.configuration)
        face.initialWindow = UDPReceiveBuffer.window(socket.receiveBufferSize)
        UDPReceiveBuffer.adviseOnce(socket.receiveBufferSize, connector.configuration, connector.logger)
        if let transport {
            transport.socket = socket
            return
        }
        let made = DatagramTransport(
            socket: socket, peer: peer, offload: connector.configuration.segmentationOffload)
        made.onRefusedOffload = { [unowned self, unowned made] in
            FaceMTU.lower(connector.face, made, connector.configuration)
        }
        transport = made
        connector.opened(self, made)
    }

    private func receive(_ envelope: AddressedEnvelope<ByteBuffer>) {
        pause.heard()
        let face = connector.face
        face.beginBatch()
        face.receive(datagrams: envelope.data, segmentSize: envelope.metadata?.segmentSize)
    }

    /// An error that the socket survived.
    private func refused(_ error: any Error) {
        guard (error as? IOError)?.errnoCode == ECONNREFUSED else { return }
        connector.refused(self, error)
    }

    /// The socket was closed, for example after a failed write: the face gets a new one.
    private func lost() {
        transport?.socket = nil
        connector.interrupted(self)
        let pause = pause.lost()
        if pause == .zero { open() } else { reopening.schedule(at: connector.eventLoop.now + pause) }
    }
}
