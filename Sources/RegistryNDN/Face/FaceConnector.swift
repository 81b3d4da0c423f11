public import Logging
public import NIOCore

/// Keeps one outgoing face connected: the `Face` object stays, its state changes.
///
/// `ConnectionMachine` decides what is tried, and when: the face goes down when its connection ends or its peer is silent, and
/// up with the next connection. A UDP face is up at once; while the host says that no program listens at the port, it is down
/// over a connection that stays. Confined to its event loop.
public final class FaceConnector {
    /// The face that is kept connected: the same object through all reconnections.
    public let face: Face

    /// The peer, as it was named.
    package var peer: FaceURI { uri }

    let uri: FaceURI
    let configuration: FaceConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    /// Why a numeric address of the peer is not connected to; nil for one that is.
    package var refusal: (FaceURI) -> FaceError? = { _ in nil }
    private let announces: Bool
    private var machine: ConnectionMachine
    private var connection: (any FaceConnection)?
    /// Of the connection, once that is open; the face has it too, unless it is shut.
    private var transport: (any FaceTransport)?
    private let timer: DeadlineTimer
    private var isStarted = false
    /// Waits for the first connection (`connect`).
    private var connected: EventLoopPromise<Void>?
    /// What the log has said of a peer that is out.
    private var outage = TroubleReminder()
    private var reassembly = ReassemblyWatch()

    /// Makes the face; nothing is sent before ``start()`` or ``connect()``.
    ///
    /// - Parameters:
    ///   - uri: the peer.
    ///   - eventLoop: the loop that the face is confined to.
    ///   - configuration: limits and timers of the face.
    ///   - announces: whether losses and returns of the peer are worth a line above debug.
    ///   - logger: gets a line for each of them, and debug lines.
    public init(
        to uri: FaceURI, on eventLoop: any EventLoop, configuration: FaceConfiguration = FaceConfiguration(),
        announces: Bool = true, logger: Logger
    ) {
        self.uri = uri
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.announces = announces
        self.logger = logger
        timer = DeadlineTimer(on: eventLoop)
        machine = ConnectionMachine(
            timing: configuration.silence,
            backoff: Backoff(minimum: configuration.minimumBackoff, maximum: configuration.maximumBackoff))
        face = Face(remote: uri, local: uri, isLocal: uri.scheme == .unix, on: eventLoop, logger: logger)
        timer.onDeadline = { [weak self] in self?.timerFired() }
    }

    /// Begins to connect, and goes on until the face is closed.
    public func start() {
        eventLoop.preconditionInEventLoop()
        guard !isStarted, face.state != .closed else { return }
        isStarted = true
        face.onClose = { self.stop() }
        face.onTurn = { [unowned self] in turned($0) }
        perform(machine.start())
    }

    /// Begins to connect, for an owner that wants a connection now or none.
    ///
    /// - Returns: succeeds once the face is up, which is then kept connected. Fails with a `FaceError`, and the face is closed,
    ///   when a first attempt at all addresses has failed, or when the owner closes the face meanwhile.
    public func connect() -> EventLoopFuture<Void> {
        guard !isStarted, face.state != .closed else {
            return eventLoop.makeFailedFuture(FaceError(.closed, "the face to \(uri) is in use or closed"))
        }
        let promise = eventLoop.makePromise(of: Void.self)
        connected = promise
        start()
        return promise.futureResult
    }

    private func settle(_ outcome: Result<Void, any Error>) {
        let promise = connected
        connected = nil
        promise?.completeWith(outcome)
    }

    private func stop() {
        timer.cancel()
        settle(.failure(FaceError(.closed, "the face to \(uri) was closed")))
        face.onTurn = nil
        connection?.close()
        (connection, transport) = (nil, nil)
    }

    private func perform(_ action: ConnectionMachine.Action) {
        attach()
        switch action {
        case .none: break
        case .ask: ask()
        case .resolve: lookUp()
        case .open(let address, let looksUp):
            open(address)
            if looksUp { lookUp() }
        }
        timer.schedule(at: machine.deadline)
    }

    /// Gives the face its connection, or takes it away while the machine keeps Interests back.
    private func attach() {
        guard let transport else { return }
        if machine.isShut, face.state == .up { face.detach() }
        if !machine.isShut, face.state == .down { face.attach(transport) }
    }

    private func timerFired() {
        if uri.scheme == .udp { reassembly.look(logger) }
        let action = machine.timerFired(now: eventLoop.now)
        if case .open = action, machine.isOut, connection != nil {
            face.lastError = FaceError(.unreachable, "\(uri) does not answer; connecting again")
            announce("nothing comes back, connecting again", ["remote": "\(face.remote)"])
        }
        perform(action)
    }

    private func lookUp() {
        HostResolver.addresses(of: uri, on: eventLoop).assumeIsolated().whenComplete { [weak self] result in
            guard let self, face.state != .closed else { return }
            switch result {
            case .success(let addresses): perform(machine.resolved(addresses))
            case .failure(let error):
                machine.unresolved(now: eventLoop.now)
                if connection == nil { report(error) }
                timer.schedule(at: machine.deadline)
            }
        }
    }

    private func open(_ address: SocketAddress) {
        drop()
        guard face.state != .closed else { return }
        if let error = refusal(FaceURI(uri.scheme, address)) { return failed(error) }
        let made: any FaceConnection =
            uri.scheme == .udp ? DatagramConnection(self, to: address) : StreamConnection(self, to: address)
        connection = made
        made.open()
    }

    /// The address that was to be connected to cannot be: the next one is tried, if there is one.
    private func failed(_ error: any Error) {
        let action = machine.failed(now: eventLoop.now)
        if action == .none { report(error) }
        perform(action)
    }

    private func drop() {
        let old = connection
        (connection, transport) = (nil, nil)
        if face.state == .up { face.detach() }
        old?.close()
    }

    /// Sends an Interest that every forwarder answers, if only with a Nack.
    private func ask() {
        let scope = face.isLocal ? ManagementScope.localhost : .localhop
        guard let packet = scope.question(nonce: .random(in: .min ... .max)) else { return }
        face.awaitsAnswer()
        _ = transport?.send(packet)
        transport?.flush()
    }

    private func turned(_ turn: Face.Turn) {
        switch turn {
        case .asked:
            machine.asked(now: eventLoop.now)
            timer.schedule(at: machine.deadline)
        case .heard:
            _ = machine.heard()
            attach()
            guard let time = outage.end(now: eventLoop.now) else { return }
            logger.log(
                level: announces ? .notice : .debug, "connected again",
                metadata: ["remote": "\(face.remote)", "after": "\(TroubleReminder.words(time))"])
        }
    }

    /// Logs that the peer is out, and now and then that it still is.
    private func announce(_ message: Logger.Message, _ metadata: Logger.Metadata) {
        let word = outage.look(now: eventLoop.now)
        var metadata = metadata
        if case .reminder(let time) = word { metadata["out_for"] = "\(TroubleReminder.words(time))" }
        logger.log(level: announces && word != .none ? .warning : .debug, message, metadata: metadata)
    }

    /// All addresses failed: the next attempt follows after a pause, unless the owner wants a connection now or none.
    private func report(_ error: any Error) {
        let error = FaceError.connecting(to: uri, error)
        face.lastError = error
        announce("cannot connect, trying again", ["error": "\(error)"])
        guard let promise = connected else { return }
        connected = nil
        face.close()
        promise.fail(error)
    }
}

/// Events of connections; those of a connection that is no longer in use are ignored.
extension FaceConnector {
    func opened(_ connection: any FaceConnection, _ transport: any FaceTransport) {
        guard connection === self.connection, face.state != .closed else { return connection.close() }
        self.transport = transport
        let action = machine.opened(now: eventLoop.now)
        attach()
        settle(.success(()))
        perform(action)
    }

    func failed(_ connection: any FaceConnection, _ error: any Error) {
        guard connection === self.connection else { return }
        drop()
        guard face.state != .closed else { return }
        failed(error)
    }

    func lost(_ connection: any FaceConnection, isForeign: Bool) {
        guard connection === self.connection else { return }
        (self.connection, self.transport) = (nil, nil)
        face.lastError = FaceError(.unreachable, "\(uri) closed the connection; connecting again")
        announce("connection lost, connecting again", ["remote": "\(face.remote)"])
        face.detach()
        guard face.state != .closed else { return }
        machine.lost(isForeign: isForeign, now: eventLoop.now)
        timer.schedule(at: machine.deadline)
    }

    func refused(_ connection: any FaceConnection, _ error: any Error) {
        guard connection === self.connection else { return }
        face.lastError = FaceError.connecting(to: uri, error)
        let action = machine.refused(now: eventLoop.now)
        if machine.isShut {
            announce("no program listens there, asking until one does", ["remote": "\(face.remote)"])
        }
        perform(action)
    }

    /// The connection goes on over another socket, since the kernel would not send: the reason may be that nobody listens.
    func interrupted(_ connection: any FaceConnection) {
        guard connection === self.connection else { return }
        machine.doubted(now: eventLoop.now)
        timer.schedule(at: machine.deadline)
    }
}
