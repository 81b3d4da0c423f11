package import Logging
package import NIOCore
import NIOPosix

/// Listens at one address and makes a face for every peer: for each connection of a Unix or TCP listener, for each remote
/// address of a UDP one. Confined to its event loop, as all its faces are.
package final class FaceListener {
    /// The address it listens at, with the real port; the one asked for until then.
    package private(set) var local: FaceURI

    let configuration: FaceConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    private let onFace: (Face) -> Void
    private var table: FaceTable
    private var socket: (any ListeningSocket)?
    private var isClosed = false
    private var hasWarnedFull = false
    private var descriptors: DescriptorWatch

    /// - Parameter onFace: given every new face before its first packet, to set its delegate. The listener keeps the face
    ///   until it is closed.
    package init(
        at uri: FaceURI, on eventLoop: any EventLoop, configuration: FaceConfiguration = FaceConfiguration(),
        logger: Logger, onFace: @escaping (Face) -> Void
    ) {
        local = uri
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
        self.onFace = onFace
        // Programs of this machine, such as the producer, may also use half of the reserve, which others may not.
        let reserve = uri.scheme == .unix ? DescriptorLimit.reserve / 2 : DescriptorLimit.reserve
        descriptors = DescriptorWatch { DescriptorLimit.room(reserve: reserve) }
        // Behind a silent stream there is still a peer; a silent UDP peer may have been a forged address.
        table = FaceTable(
            limit: configuration.maximumFaces, silence: uri.scheme == .udp ? .seconds(5) : .seconds(60))
    }

    /// Opens the listening socket.
    ///
    /// - Returns: the address it listens at, with the port chosen for port 0; fails with a `FaceError` that says what to do.
    package func start() -> EventLoopFuture<FaceURI> {
        eventLoop.preconditionInEventLoop()
        let uri = local
        let promise = eventLoop.makePromise(of: FaceURI.self)
        HostResolver.addresses(of: uri, on: eventLoop).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let addresses): self.listen(addresses[...], nil, promise)
            case .failure(let error): promise.fail(FaceError.listening(at: uri, error))
            }
        }
        return promise.futureResult
    }

    private func listen(
        _ addresses: ArraySlice<SocketAddress>, _ last: (any Error)?, _ promise: EventLoopPromise<FaceURI>
    ) {
        guard !isClosed, let address = addresses.first else {
            let error = last ?? FaceError(.closed, "the listener at \(local) was closed")
            return promise.fail(FaceError.listening(at: local, error))
        }
        let socket: any ListeningSocket =
            switch local.scheme {
            case .udp: DatagramListener(self)
            case .tcp, .unix: StreamListener(self, local)
            }
        socket.open(at: address).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let bound):
                guard !self.isClosed else {
                    socket.close()
                    return promise.fail(FaceError(.closed, "the listener at \(self.local) was closed"))
                }
                self.socket = socket
                self.local = FaceURI(self.local.scheme, bound)
                promise.succeed(self.local)
            case .failure(let error):
                self.listen(addresses.dropFirst(), error, promise)
            }
        }
    }

    /// Stops listening and closes all faces.
    package func close() {
        eventLoop.preconditionInEventLoop()
        isClosed = true
        for face in Array(table.faces) { face.close() }
        socket?.close()
        socket = nil
    }

    /// Makes room for one more face of a host, if need be by closing one that is of little use; returns whether there is room.
    func admit(_ host: PeerHost) -> Bool {
        guard !isClosed else { return false }
        var room = table.room(for: host, now: eventLoop.now)
        if local.scheme != .udp, room.isFree, room.leaving == nil, descriptors.isReached() {
            room.leaving = table.leaving(now: eventLoop.now)
            room.isFree = room.leaving != nil
        }
        room.leaving?.close()
        if !room.isFree, !hasWarnedFull {
            hasWarnedFull = true
            logger.notice(
                "too many peers, new ones are refused",
                metadata: ["listener": "\(local)", "faces": .stringConvertible(table.count), "host": "\(host)"])
        }
        return room.isFree
    }

    /// The system has no descriptor left: a face that is of little use is closed, and gives back its own.
    func closeOne() {
        table.leaving(now: eventLoop.now)?.close()
    }

    /// A new face is ready for its owner.
    func add(_ face: Face, _ transport: any FaceTransport, onClose: @escaping () -> Void) {
        table.add(face)
        face.onClose = { [weak self, unowned face] in
            self?.table.remove(face)
            onClose()
        }
        onFace(face)
        face.attach(transport)
    }

    /// The faces that have been silent for too long are closed.
    func closeIdle() {
        let limit = eventLoop.now - configuration.idleTimeout
        for face in Array(table.faces) where face.lastHeard < limit { face.close() }
        hasWarnedFull = false
    }
}

/// What a `FaceListener` listens with.
protocol ListeningSocket: AnyObject {
    /// Listens at an address; returns the real one.
    func open(at address: SocketAddress) -> EventLoopFuture<SocketAddress>
    func close()
}
