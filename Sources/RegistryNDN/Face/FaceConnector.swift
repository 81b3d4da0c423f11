public import Logging
public import NIOCore

/// Keeps one outgoing face connected: the `Face` object stays, its state changes.
///
/// A lost stream is connected again after a pause that grows from 0.1 s to 3 s. A UDP face is up at once, survives an
/// ECONNREFUSED, and keeps its local port, since that is how the peer knows it. Confined to its event loop.
public final class FaceConnector {
    public let face: Face
    /// Told of every failed attempt to connect; the next follows by itself.
    public var onFailure: ((FaceError) -> Void)?

    let uri: FaceURI
    let configuration: FaceConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    private var backoff: Backoff
    private var retry: Scheduled<Void>?
    private var isStarted = false
    private var hasWarned = false
    /// The UDP side of this connector, once there is one.
    var datagrams: DatagramConnection?

    public init(
        to uri: FaceURI, on eventLoop: any EventLoop, configuration: FaceConfiguration = FaceConfiguration(),
        logger: Logger
    ) {
        self.uri = uri
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
        backoff = Backoff(minimum: configuration.minimumBackoff, maximum: configuration.maximumBackoff)
        face = Face(remote: uri, local: uri, isLocal: uri.scheme == .unix, on: eventLoop, logger: logger)
    }

    /// Begins to connect, and goes on until the face is closed.
    public func start() {
        eventLoop.preconditionInEventLoop()
        guard !isStarted, face.state != .closed else { return }
        isStarted = true
        face.onClose = { self.stop() }
        attempt()
    }

    private func stop() {
        retry?.cancel()
        retry = nil
        datagrams?.close()
        datagrams = nil
    }

    private func attempt() {
        retry = nil
        guard face.state != .closed else { return }
        HostResolver.addresses(of: uri, on: eventLoop).assumeIsolated().whenComplete { result in
            guard self.face.state != .closed else { return }
            switch result {
            case .failure(let error): self.failed(error)
            case .success(let addresses) where self.uri.scheme == .udp: self.openDatagrams(addresses)
            case .success(let addresses): self.connectStream(addresses[...])
            }
        }
    }

    /// All addresses failed, or the connection was lost: the next attempt follows after a pause.
    func failed(_ error: any Error) {
        let error = FaceError.connecting(to: uri, error)
        face.lastError = error
        if hasWarned {
            logger.debug("cannot connect", metadata: ["error": "\(error)"])
        } else {
            hasWarned = true
            logger.warning("cannot connect, trying again", metadata: ["error": "\(error)"])
        }
        tryAgain()
        onFailure?(error)
    }

    /// The face is up.
    func succeeded() {
        hasWarned = false
    }

    /// The peer has proved to speak NDN: the next loss is met at once.
    func heard() {
        backoff.reset()
    }

    func tryAgain() {
        guard retry == nil, face.state != .closed else { return }
        let pause = backoff.next(random: Double.random(in: 0..<1))
        retry = eventLoop.assumeIsolated().scheduleTask(in: pause) { self.attempt() }
    }
}
