public import Logging
public import NIOCore

/// Keeps a prefix registered with the forwarder at the other end of a face, so that Interests for it come here.
///
/// Registers when the face is up, renews every five minutes, tries again after refusals and silence, and registers anew after
/// each reconnection. A UDP face never notices that the forwarder was restarted or has closed its idle end, routes and all:
/// there a probe every 3 s does (`RegistrationProbe`). Confined to the face's event loop.
public final class PrefixRegistration {
    /// What `onChange` reports.
    public enum Status: Sendable {
        case registered
        /// Not registered, or no longer; it is tried again.
        case failed(CommandError)
    }

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
    private var timer: Scheduled<Void>?
    private var probe: RegistrationProbe?
    private var stopped: EventLoopPromise<Void>?
    private var lastReason: CommandError.Reason?
    private var rejections = 0
    /// Lives from `start` until it is stopped, whoever else holds it.
    private var running: PrefixRegistration?

    /// - Parameters:
    ///   - signer: Signs the commands; most forwarders on the same host accept a digest.
    ///   - timing: For tests.
    public init(
        endpoint: Endpoint, prefix: Name, signer: Signer = .digest, clock: CommandClock = .shared,
        timing: RegistrationMachine.Timing = .init(), logger: Logger
    ) {
        self.endpoint = endpoint
        self.prefix = prefix
        exchange = ManagementExchange(endpoint: endpoint, signer: signer, clock: clock)
        var timing = timing
        if endpoint.face.remote.scheme == .udp, timing.probe == nil { timing.probe = .seconds(3) }
        self.timing = timing
        machine = RegistrationMachine(timing: timing)
        var logger = logger
        logger[metadataKey: "prefix"] = "\(prefix.uri)"
        self.logger = logger
    }

    /// Begins. The endpoint's `interestHandler` and `onStateChange` are to be set before: what is not for the registration is
    /// passed on to them.
    public func start() {
        running = self
        let stateChanged = endpoint.onStateChange
        endpoint.onStateChange = { [weak self] state in
            stateChanged?(state)
            self?.faceChanged(state)
        }
        if timing.probe != nil {
            let probe = RegistrationProbe(endpoint: endpoint, prefix: prefix, logger: logger)
            let handler = endpoint.interestHandler
            endpoint.interestHandler = { interest, fields, face in
                if !probe.answer(interest, fields, face) { handler?(interest, fields, face) }
            }
            self.probe = probe
        }
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

    private func faceChanged(_ state: FaceState) {
        perform(state == .up ? machine.faceUp(now: now) : machine.faceDown())
    }

    private func perform(_ action: RegistrationMachine.Action) {
        switch action {
        case .none: break
        case .register(let ahead):
            // Only silence tells that a UDP peer is not there: it must not last long. Elsewhere a forwarder has time to fetch
            // certificates.
            command("register", ahead: ahead, lifetime: endpoint.face.remote.scheme == .udp ? 2000 : 10_000)
        case .unregister: command("unregister", ahead: 0, lifetime: 500)
        case .probe: sendProbe()
        case .registered(let isNew): succeeded(isNew: isNew)
        case .failed(let reason): failed(reason)
        case .finished:
            stopped?.succeed()
            running = nil
        }
        schedule()
    }

    private func schedule() {
        timer?.cancel()
        timer = machine.deadline.map { deadline in
            endpoint.face.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
                guard let self else { return }
                perform(machine.timerFired(now: now))
            }
        }
    }

    private func command(_ verb: String, ahead: UInt64, lifetime: UInt64?) {
        var parameters = ControlParameters(name: prefix)
        parameters.origin = RouteOrigin.client
        if verb == "register" {
            parameters.cost = 0
            parameters.flags = RouteFlags.childInherit.rawValue
            parameters.expirationPeriod = timing.expirationMilliseconds
        }
        exchange.execute("rib", verb, parameters, ahead: ahead, lifetime: lifetime).assumeIsolated()
            .whenComplete { [weak self] result in
                guard let self else { return }
                switch result {
                case .success(let response): perform(machine.answered(response, now: now))
                case .failure(let error):
                    perform(machine.commandFailed(error as? CommandError.Reason ?? .timeout, now: now))
                }
            }
    }

    private func sendProbe() {
        probe?.send { [weak self] arrived in
            guard let self else { return }
            if !arrived { logger.debug("a probe for the registration did not come back") }
            perform(machine.probed(arrived, now: now))
        }
    }

    private func succeeded(isNew: Bool) {
        isRegistered = true
        lastReason = nil
        rejections = 0
        guard isNew else { return logger.debug("prefix registered again") }
        logger.info("prefix registered", metadata: ["uplink": "\(endpoint.face.remote)"])
        onChange?(.registered)
    }

    private func failed(_ reason: CommandError.Reason) {
        isRegistered = false
        // The first 403 is often another program's command in the same millisecond: the next attempt settles it.
        if case .rejected(403, _) = reason { rejections += 1 } else { rejections = 0 }
        // The same again and again is said once.
        let level: Logger.Level = rejections == 1 || reason == lastReason ? .debug : .warning
        if rejections != 1 { lastReason = reason }
        exchange.explain("register \(prefix)", reason).assumeIsolated().whenSuccess { [logger, onChange] error in
            logger.log(level: level, "\(error)")
            onChange?(.failed(error))
        }
    }
}
