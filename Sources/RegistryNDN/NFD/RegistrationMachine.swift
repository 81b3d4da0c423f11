package import NIOCore

/// When to register a prefix, and when again: no socket, no clock.
///
/// Events come in with the time; each gives at most one thing to do, and `deadline` says when `timerFired` is due. One
/// command or probe is under way at a time.
package struct RegistrationMachine: Sendable {
    /// What to do next.
    package enum Action: Equatable, Sendable {
        case none
        /// Send `rib/register`, its SignatureTime this many milliseconds ahead of the clock.
        case register(aheadMilliseconds: UInt64)
        /// Send `rib/register` signed with a key of this process alone.
        case registerWithOwnKey
        /// Send a probe for the registration, and report with `probed`.
        case probe
        /// Send `rib/unregister`.
        case unregister
        /// The prefix is registered; `isNew` unless it was all along.
        case registered(isNew: Bool)
        /// It is not registered; another attempt follows at `deadline`.
        case failed(CommandError.Reason)
        /// Stopped: nothing more will happen.
        case finished
    }

    /// Times of the protocol.
    package struct Timing: Sendable {
        /// Between two commands for a prefix that is registered, ± 10 %.
        package var refresh: TimeAmount = .seconds(300)
        /// Between two probes; nil: none.
        package var probe: TimeAmount? = .seconds(3)
        /// From a face that came up again to the command: a forwarder that has just started is left to settle.
        package var settle: TimeAmount = .milliseconds(100)
        /// After a failure: the first delay, doubled each time up to the limit.
        package var retry: TimeAmount = .seconds(1)
        package var retryAfterRejection: TimeAmount = .milliseconds(100)
        /// After silence, which has taken the command's lifetime already: 2 s over UDP, so that a peer that comes back is
        /// registered with again within 5 s.
        package var retryAfterSilence: TimeAmount = .milliseconds(500)
        package var retryLimit: TimeAmount = .seconds(10)
        package var probeLimit: TimeAmount = .seconds(60)
        /// Uniform in -1 ... 1.
        package var jitter: @Sendable () -> Double = { .random(in: -1...1) }

        package init() {}

        /// A UDP face's route outlives its producer in the forwarder, and draws Interests all that time: it ends after 100 s. A
        /// stream's ends with its connection.
        package init(over scheme: FaceURI.Scheme) {
            if scheme == .udp { refresh = .seconds(25) }
        }

        /// ExpirationPeriod of a route in milliseconds: a forwarder that never hears of us again forgets the route after
        /// four refreshes, a lost one does no harm.
        package var expirationMilliseconds: UInt64 { UInt64(max(1, 4 * refresh.nanoseconds / 1_000_000)) }

        func jittered(_ amount: TimeAmount) -> TimeAmount {
            .nanoseconds(Int64(Double(amount.nanoseconds) * (1 + 0.1 * jitter())))
        }
    }

    private enum State {
        case idle, waitingForFace, registering, registered, probing, unregistering, stopped
        case waiting
    }

    private let timing: Timing
    private var state = State.idle
    private var isRegistered = false
    private var attemptAt: NIODeadline?
    private var probeAt: NIODeadline?
    private var failures = 0
    private var rejections = 0
    private var probeFailures = 0

    package init(timing: Timing = Timing()) {
        self.timing = timing
    }

    /// When `timerFired` is due; nil: only an event can change anything.
    package var deadline: NIODeadline? {
        switch state {
        case .waiting: attemptAt
        case .registered: [attemptAt, probeAt].compactMap(\.self).min()
        default: nil
        }
    }

    /// Begins; the face may be up or not yet.
    package mutating func start(faceIsUp: Bool) -> Action {
        guard case .idle = state else { return .none }
        guard faceIsUp else {
            state = .waitingForFace
            return .none
        }
        return register()
    }

    /// The face came up.
    package mutating func faceUp(now: NIODeadline) -> Action {
        guard case .waitingForFace = state else { return .none }
        state = .waiting
        attemptAt = now + timing.settle
        return .none
    }

    /// The face went down, and with it, in the forwarder, all its routes.
    package mutating func faceDown() -> Action {
        switch state {
        case .idle, .stopped, .waitingForFace: return .none
        case .unregistering:
            state = .stopped
            return .finished
        case .waiting, .registering, .registered, .probing:
            state = .waitingForFace
            let wasRegistered = isRegistered
            isRegistered = false
            failures = 0
            return wasRegistered ? .failed(.faceDown) : .none
        }
    }

    /// `deadline` has come.
    package mutating func timerFired(now: NIODeadline) -> Action {
        guard let deadline, deadline <= now else { return .none }
        if let attemptAt, attemptAt <= now { return register() }
        state = .probing
        return .probe
    }

    /// The answer to a command.
    package mutating func answered(_ response: ControlResponse, now: NIODeadline) -> Action {
        switch state {
        case .unregistering:
            state = .stopped
            return .finished
        case .registering where response.isSuccess:
            let isNew = !isRegistered
            isRegistered = true
            failures = 0
            state = .registered
            attemptAt = now + timing.jittered(timing.refresh)
            probeAt = timing.probe.map { now + Backoff.doubled($0, probeFailures, limit: timing.probeLimit) }
            return .registered(isNew: isNew)
        case .registering:
            return failed(.rejected(code: response.code, text: response.text), now: now)
        default: return .none
        }
    }

    /// A command had no ControlResponse.
    package mutating func commandFailed(_ reason: CommandError.Reason, now: NIODeadline) -> Action {
        switch state {
        case .unregistering:
            state = .stopped
            return .finished
        case .registering: return failed(reason, now: now)
        default: return .none
        }
    }

    /// A probe came back through the forwarder, or not.
    ///
    /// One that did not come back may have met another producer of the prefix, or a lossy link: the remedy, registering
    /// again, is harmless, and the next probe waits twice as long.
    package mutating func probed(_ arrived: Bool, now: NIODeadline) -> Action {
        guard case .probing = state else { return .none }
        guard !arrived else {
            probeFailures = 0
            state = .registered
            probeAt = timing.probe.map { now + $0 }
            return .none
        }
        probeFailures += 1
        return register()
    }

    /// Ends; `finished` follows at once or after the answer to `unregister`.
    package mutating func stop() -> Action {
        switch state {
        case .stopped: return .none
        case .registering, .registered, .probing:
            state = .unregistering
            return .unregister
        case .unregistering: return .none
        case .idle, .waiting, .waitingForFace:
            state = isRegistered ? .unregistering : .stopped
            return isRegistered ? .unregister : .finished
        }
    }

    private mutating func register() -> Action {
        state = .registering
        attemptAt = nil
        probeAt = nil
        // The first 403 may come from a command of another program in the same millisecond: a later time is enough. More
        // of them come from a program whose clock is ahead, as NFD counts all digest signers as one key: step past it,
        // within the 120 s that NFD allows. When that is not enough, as after the clock was set back by an hour, a key whose
        // times NFD has never seen is.
        let ahead: [UInt64] = [0, 0, 1000, 4000, 16000, 64000]
        let attempt = rejections % (ahead.count + 1)
        return attempt < ahead.count ? .register(aheadMilliseconds: ahead[attempt]) : .registerWithOwnKey
    }

    private mutating func failed(_ reason: CommandError.Reason, now: NIODeadline) -> Action {
        state = .waiting
        isRegistered = false
        attemptAt = now + timing.jittered(delay(after: reason))
        return .failed(reason)
    }

    private mutating func delay(after reason: CommandError.Reason) -> TimeAmount {
        var first = timing.retry
        switch reason {
        case .timeout:
            // Failures are counted anew from the first answer after the silence.
            failures = 0
            return timing.retryAfterSilence
        case .rejected(403, _):
            rejections += 1
            first = timing.retryAfterRejection
        default: break
        }
        defer { failures += 1 }
        return Backoff.doubled(first, failures, limit: timing.retryLimit)
    }
}
