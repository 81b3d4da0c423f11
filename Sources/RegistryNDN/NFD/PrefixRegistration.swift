public import Logging
public import NIOCore

/// Keeps a prefix registered with the forwarder at the other end of a face, so that Interests for it come here.
///
/// Registers when the face is up, renews in time, tries again after refusals and silence, and registers anew after each
/// reconnection. The face cannot notice that the route is gone: another program may have removed it, and behind UDP the forwarder
/// may have been restarted, or have closed its idle end. A probe every 3 s notices (`RegistrationProbe`). Confined to the face's
/// event loop.
public final class PrefixRegistration {
    /// What `onChange` reports.
    public enum Status: Sendable {
        /// The forwarder has taken the registration.
        case registered
        /// Not registered, or no longer; it is tried again.
        case failed(CommandError)
    }

    /// What is registered: Interests whose names begin so come here.
    public let prefix: Name
    /// Told when the prefix is registered, anew or for the first time, and of each failure.
    public var onChange: ((Status) -> Void)?
    /// Whether the forwarder has taken the registration.
    public private(set) var isRegistered = false

    private let endpoint: Endpoint
    private let exchange: ManagementExchange
    private let timing: RegistrationMachine.Timing
    private let logger: Logger
    private var machine: RegistrationMachine
    private let timer: DeadlineTimer
    private var probe: RegistrationProbe?
    private var stopped: EventLoopPromise<Void>?
    private var lastReason: CommandError.Reason?
    private var trouble = TroubleReminder()
    private var rejections = 0
    /// Signs commands when the forwarder refuses the times of the usual key; made when it is first needed.
    private var ownSigner: Signer?
    private var isSignedByOwnKey = false
    /// The forwarder's number of the face that the route leads to.
    private var face: UInt64?

    /// A registration, which begins with `start()`.
    ///
    /// - Parameters:
    ///   - endpoint: the face to the forwarder.
    ///   - prefix: what is registered.
    ///   - signer: signs the commands; most forwarders on the same host accept a digest.
    ///   - clock: gives the commands their times (docs/protocol.md 8.2).
    ///   - logger: gets a line when the prefix is registered, and for each failure.
    public convenience init(
        endpoint: Endpoint, prefix: Name, signer: Signer = .digest, clock: CommandClock = .shared, logger: Logger
    ) {
        let timing = RegistrationMachine.Timing(over: endpoint.face.remote.scheme)
        self.init(endpoint: endpoint, prefix: prefix, signer: signer, clock: clock, timing: timing, logger: logger)
    }

    package init(
        endpoint: Endpoint, prefix: Name, signer: Signer, clock: CommandClock, timing: RegistrationMachine.Timing,
        logger: Logger
    ) {
        self.endpoint = endpoint
        self.prefix = prefix
        timer = DeadlineTimer(on: endpoint.face.eventLoop)
        exchange = ManagementExchange(endpoint: endpoint, signer: signer, clock: clock)
        self.timing = timing
        machine = RegistrationMachine(timing: timing)
        var logger = logger
        logger[metadataKey: "prefix"] = "\(prefix.uri)"
        self.logger = logger
        timer.onDeadline = { [weak self] in self?.timerFired() }
    }

    /// Begins. The endpoint keeps the registration until that has stopped, and offers it Interests, of which it takes the probes.
    public func start() {
        endpoint.add(self)
        if timing.probe != nil { probe = RegistrationProbe(endpoint: endpoint, prefix: prefix, logger: logger) }
        perform(machine.start(faceIsUp: endpoint.face.state == .up))
    }

    /// Unregisters, as far as the forwarder can still be reached; done within half a second.
    public func stop() -> EventLoopFuture<Void> {
        if let stopped { return stopped.futureResult }
        let promise = endpoint.face.eventLoop.makePromise(of: Void.self)
        stopped = promise
        probe?.close()
        perform(machine.stop())
        return promise.futureResult
    }

    private var now: NIODeadline { endpoint.face.eventLoop.now }

    private func timerFired() {
        perform(machine.timerFired(now: now))
    }

    private func perform(_ action: RegistrationMachine.Action) {
        switch action {
        case .none: break
        case .register(let ahead): register(ahead: ahead, signer: nil)
        case .registerWithOwnKey: register(ahead: 0, signer: makeOwnSigner())
        case .unregister: command("unregister", signer: isSignedByOwnKey ? ownSigner : nil, lifetime: 500)
        case .probe: sendProbe()
        case .registered(let isNew): succeeded(isNew: isNew)
        case .failed(let reason): failed(reason)
        case .finished:
            stopped?.succeed()
            endpoint.remove(self)
        }
        timer.schedule(at: machine.deadline)
    }

    private func register(ahead: UInt64, signer: Signer?) {
        isSignedByOwnKey = signer != nil
        // Only silence tells that a UDP peer is not there: it must not last long. Elsewhere a forwarder has time to fetch
        // certificates.
        let lifetime: UInt64 = endpoint.face.remote.scheme == .udp ? 2000 : 10_000
        command("register", signer: signer, ahead: ahead, lifetime: lifetime)
    }

    /// No forwarder trusts this key: only one that takes commands from everybody takes those it signs.
    private func makeOwnSigner() -> Signer? {
        let identity = Name([.generic("localhost"), .generic("registry-ndn")])
        if ownSigner == nil {
            ownSigner = (try? PrivateKey.generateP256()).map { .key($0, locator: identity.newKeyName()) }
        }
        return ownSigner
    }

    private func command(_ verb: String, signer: Signer?, ahead: UInt64 = 0, lifetime: UInt64) {
        var parameters = ControlParameters(name: prefix)
        parameters.origin = RouteOrigin.client
        if verb == "register" {
            parameters.cost = 0
            parameters.flags = RouteFlags.childInherit.rawValue
            parameters.expirationPeriod = timing.expirationMilliseconds
        }
        exchange.execute("rib", verb, parameters, signer: signer, ahead: ahead, lifetime: lifetime).assumeIsolated()
            .whenComplete { [weak self] result in
                guard let self else { return }
                switch result {
                case .success(let response):
                    if verb == "register", response.code == 200, let face = response.body?.faceID { leads(to: face) }
                    perform(machine.answered(response, now: now))
                case .failure(let error):
                    perform(machine.commandFailed(error as? CommandError.Reason ?? .timeout, now: now))
                }
            }
    }

    /// The forwarder's route leads to `face` from now on. Over UDP it keeps the route to the face before as well, since nothing
    /// tells it that nobody is there any more, and may send all Interests that way: therefore that route is taken back.
    private func leads(to face: UInt64) {
        defer { self.face = face }
        guard let old = self.face, old != face, endpoint.face.remote.scheme == .udp else { return }
        var parameters = ControlParameters(name: prefix)
        parameters.origin = RouteOrigin.client
        parameters.faceID = old
        let signer = isSignedByOwnKey ? ownSigner : nil
        exchange.execute("rib", "unregister", parameters, signer: signer, lifetime: 2000).assumeIsolated()
            .whenComplete { [logger] result in
                let isGone = (try? result.get().code) == 200
                logger.info(
                    isGone
                        ? "the route over the connection before is taken back"
                        : "the route over the connection before could not be taken back; it may catch Interests for a while",
                    metadata: ["face": .stringConvertible(old)])
            }
    }

    private func sendProbe() {
        probe?.send { [weak self] outcome in
            guard let self else { return }
            switch outcome {
            case .arrived: break
            case .refused: logger.notice("the forwarder has lost the route to the prefix; registering again")
            case .lost: logger.debug("a probe for the registration did not come back")
            }
            perform(machine.probed(outcome == .arrived, now: now))
        }
    }

    private func succeeded(isNew: Bool) {
        isRegistered = true
        lastReason = nil
        _ = trouble.end(now: now)
        rejections = 0
        probe?.follow()
        guard isNew else { return logger.debug("prefix registered again") }
        logger.info("prefix registered", metadata: ["uplink": "\(endpoint.face.remote)"])
        onChange?(.registered)
    }

    private func failed(_ reason: CommandError.Reason) {
        isRegistered = false
        // The first 403 is often another program's command in the same millisecond: the next attempt settles it.
        if case .rejected(403, _) = reason { rejections += 1 } else { rejections = 0 }
        // A reason that repeats is logged once, and now and then. A lost connection is logged by its connector.
        var metadata: Logger.Metadata = [:]
        if case .reminder(let time) = trouble.look(now: now), reason != .faceDown, endpoint.face.state == .up {
            lastReason = nil
            metadata["for"] = "\(TroubleReminder.words(time))"
        }
        let isSaid = reason == lastReason || reason == .faceDown || reason == .timeout && lastReason == .faceDown
        let level: Logger.Level = rejections == 1 || isSaid ? .debug : .warning
        // While nobody answers, a face that goes down and up again is no news.
        if rejections != 1, !(reason == .faceDown && lastReason == .timeout) { lastReason = reason }
        exchange.explain("register \(prefix)", reason, isOfServer: true).assumeIsolated().whenSuccess {
            [logger, onChange, metadata] error in
            logger.log(level: level, "\(error)", metadata: metadata)
            onChange?(.failed(error))
        }
    }
}

extension PrefixRegistration: FaceDelegate {
    public func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool {
        probe?.answer(interest, fields, face) ?? false
    }

    public func face(_ face: Face, changed state: FaceState) {
        perform(state == .up ? machine.faceUp(now: now) : machine.faceDown())
    }
}
