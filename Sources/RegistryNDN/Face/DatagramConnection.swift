import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The UDP side of a `FaceConnector`: connected sockets to one of several addresses, one after the other.
final class DatagramConnection {
    private let connector: FaceConnector
    private let addresses: [SocketAddress]
    private var index = 0
    private var transport: DatagramTransport?
    private var socket: DatagramSocket?
    private var reopening: Scheduled<Void>?
    /// Something came from this address: it is the right one.
    private var hasHeard = false
    /// Sockets lost in a row without anything heard.
    private var losses = 0

    init(_ connector: FaceConnector, _ addresses: [SocketAddress]) {
        self.connector = connector
        self.addresses = addresses
    }

    /// Opens a socket to the first address that has a route.
    func open() {
        var last: any Error = FaceError(.unresolved, "\(connector.uri) has no address")
        for _ in addresses {
            do {
                return use(try makeSocket())
            } catch {
                last = error
                index = (index + 1) % addresses.count
            }
        }
        connector.datagrams = nil
        if connector.face.state == .up { connector.face.detach() }
        connector.failed(last)
    }

    func close() {
        reopening?.cancel()
        reopening = nil
        socket?.close()
        socket = nil
    }

    /// To the same address from the same port if it can be had: the peer knows this face by it.
    private func makeSocket() throws(SystemError) -> (socket: DatagramSocket, ready: EventLoopFuture<Void>) {
        let remote = addresses[index]
        let before = transport?.peer == remote ? socket?.local : nil
        if let before,
            let again = try? DatagramSocket.open(
                local: before, remote: remote, configuration: connector.configuration, on: connector.eventLoop)
        {
            return again
        }
        return try DatagramSocket.open(
            remote: remote, configuration: connector.configuration, on: connector.eventLoop)
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
            case .failure: lost()
            }
        }
    }

    private func established(_ socket: DatagramSocket) {
        let face = connector.face
        guard let peer = socket.remote else { return }
        face.local = FaceURI(.udp, socket.local)
        face.remote = FaceURI(.udp, peer)
        face.mtu = FaceMTU.of(pathMTU: socket.pathMTU, to: peer, connector.configuration)
        face.initialWindow = ReceiveBuffer.window(socket.receiveBufferSize)
        ReceiveBuffer.adviseOnce(socket.receiveBufferSize, connector.configuration, connector.logger)
        if let transport, transport.peer == peer {
            transport.socket = socket
        } else {
            let made = DatagramTransport(
                socket: socket, peer: peer, offload: connector.configuration.segmentationOffload)
            made.onRefusedOffload = { [unowned self, unowned made] in
                FaceMTU.lower(connector.face, made, connector.configuration)
            }
            transport = made
        }
        connector.succeeded()
        if let transport { face.attach(transport) }
    }

    private func receive(_ envelope: AddressedEnvelope<ByteBuffer>) {
        hasHeard = true
        losses = 0
        let face = connector.face
        face.beginBatch()
        face.receive(datagrams: envelope.data, segmentSize: envelope.metadata?.segmentSize)
    }

    /// An error the socket survived: nobody listens at this address, so the next one is tried while none has answered.
    private func refused(_ error: any Error) {
        connector.face.lastError = FaceError.connecting(to: connector.uri, error)
        guard (error as? IOError)?.errnoCode == ECONNREFUSED, !hasHeard, addresses.count > 1, let socket else { return }
        socket.close()
        transport?.socket = nil
        index = (index + 1) % addresses.count
        reopen()
    }

    /// The socket is gone, after a failed write say: the face gets the next one.
    private func lost() {
        transport?.socket = nil
        reopen()
    }

    private func reopen() {
        losses += 1
        guard losses > 1 else { return open() }
        guard reopening == nil else { return }
        let pause = TimeAmount.milliseconds(min(1000, 10 << Int64(min(losses, 7))))
        reopening = connector.eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
            self?.reopening = nil
            self?.open()
        }
    }
}

extension FaceConnector {
    func openDatagrams(_ addresses: [SocketAddress]) {
        let connection = DatagramConnection(self, addresses)
        datagrams = connection
        connection.open()
    }
}
