import NIOCore

/// When the connection under a face is dead, and what is tried next: no socket, no clock. The same for Unix, TCP and UDP.
///
/// A connection is dead when it ends, or when Interests leave it and nothing at all comes back. That nothing comes back may
/// as well be a producer's fault, further away: so the peer itself is asked something that every forwarder answers, and only
/// when that brings nothing either, the next connection is made. It goes to the next of the host's addresses, over UDP from
/// another port, and the host's name is looked up meanwhile: the host may have moved, its first address may be silent, a NAT
/// on the way may have forgotten this face. While nobody sends Interests, nothing is tried.
struct ConnectionMachine {
    /// What to do next.
    enum Action: Equatable {
        case none
        /// Look the host's addresses up, and report with `resolved` or `unresolved`; the connection, if there is one, stays.
        case resolve
        /// Drop the connection, if there is one, and connect to this address; with `looksUp` do what `resolve` says too.
        case open(SocketAddress, looksUp: Bool)
        /// Ask the peer whether it is there: whatever it answers, `heard` reports it.
        case ask
    }

    /// Times of the silence that is a peer's death.
    struct Timing: Sendable {
        /// From an Interest that nothing came after to the first question.
        var question = TimeAmount.seconds(2)
        /// Between two questions, and from the last one to the next connection.
        var interval = TimeAmount.seconds(1)
        /// Questions before a peer is given up; twice as many each time that all addresses have been tried, up to the limit.
        var questions = 3
        var questionLimit = 20
        /// Uniform in 0 ..< 1.
        var random: @Sendable () -> Double = { .random(in: 0..<1) }
    }

    private enum State {
        case idle
        /// No address is known yet.
        case resolving
        case opening
        case open
        /// Everything failed: on after a pause.
        case waiting(until: NIODeadline)
    }

    private let timing: Timing
    private var backoff: Backoff
    private var state = State.idle
    private var addresses: [SocketAddress] = []
    private var current: SocketAddress?
    /// The address that something came from last: tried first.
    private var proven: SocketAddress?
    /// The addresses tried since something came.
    private var tried: [SocketAddress] = []
    private var rounds = 0
    private var isLookingUp = false
    /// Something came over the present connection.
    private var hasHeard = false
    /// When to ask next, or to give up; nil while no Interest waits for anything.
    private var due: NIODeadline?
    private var questions = 0
    /// The peer has been given up, or was never there, and nothing has come since.
    private(set) var isOut = false

    init(timing: Timing = Timing(), backoff: Backoff) {
        self.timing = timing
        self.backoff = backoff
    }

    /// When `timerFired` is due; nil: only an event can change anything.
    var deadline: NIODeadline? {
        switch state {
        case .waiting(let until): until
        case .open: due
        case .idle, .resolving, .opening: nil
        }
    }

    /// Begins.
    mutating func start() -> Action {
        guard case .idle = state else { return .none }
        state = .resolving
        isLookingUp = true
        return .resolve
    }

    /// The host has these addresses now, at least one.
    mutating func resolved(_ found: [SocketAddress]) -> Action {
        isLookingUp = false
        addresses = found
        switch state {
        case .resolving: return next(looksUp: false)
        // The host has moved, and nothing has come from where it was.
        case .opening, .open:
            let isGone = current.map { !found.contains($0) } ?? false
            return isOut && !hasHeard && isGone ? next(looksUp: false) : .none
        case .idle, .waiting: return .none
        }
    }

    /// The host has no address, as far as can be found out; those that it had are tried on.
    mutating func unresolved(now: NIODeadline) {
        isLookingUp = false
        guard case .resolving = state else { return }
        wait(now: now)
    }

    /// The connection is there; whether the peer is, is to be seen.
    mutating func opened() -> Action {
        guard case .opening = state else { return .none }
        state = .open
        guard isOut else { return .none }
        questions = 1
        return .ask
    }

    /// There is no connection to be had to the address.
    mutating func failed(now: NIODeadline) -> Action {
        isOut = true
        guard addresses.contains(where: { !tried.contains($0) }) else {
            wait(now: now)
            return .none
        }
        return next(looksUp: false)
    }

    /// The connection has ended.
    ///
    /// - Parameter isForeign: what came over it was not NDN: there is no hurry to meet that again.
    mutating func lost(isForeign: Bool, now: NIODeadline) {
        if hasHeard, !isForeign { backoff.reset() }
        isOut = true
        wait(now: now)
    }

    /// Nobody listens at the address, as its host says, though the connection stays (UDP). Where something came from before,
    /// somebody will again: else the next address is tried.
    mutating func refused() -> Action {
        guard case .open = state, !hasHeard, addresses.contains(where: { !tried.contains($0) }) else { return .none }
        return next(looksUp: false)
    }

    /// An Interest left, the first since something came or since the connection is there.
    mutating func asked(now: NIODeadline) {
        guard due == nil else { return }
        due = now + (questions > 0 ? timing.interval : timing.question)
    }

    /// Something came. Returns whether the peer had been out.
    mutating func heard() -> Bool {
        due = nil
        guard !hasHeard || questions > 0 else { return false }
        hasHeard = true
        questions = 0
        proven = current
        tried = current.map { [$0] } ?? []
        rounds = 0
        defer { isOut = false }
        return isOut
    }

    /// `deadline` has come.
    mutating func timerFired(now: NIODeadline) -> Action {
        guard let deadline, deadline <= now else { return .none }
        if case .open = state {
            // A program that was stopped for long finds the questions still to be asked.
            guard questions >= min(timing.questions << min(rounds, 10), timing.questionLimit) else {
                questions += 1
                due = now + timing.interval
                return .ask
            }
            isOut = true
            return next(looksUp: true)
        }
        tried = []
        guard addresses.isEmpty else { return next(looksUp: true) }
        state = .resolving
        defer { isLookingUp = true }
        return isLookingUp ? .none : .resolve
    }

    /// The next address: the one that was proven, then those not yet tried, then all over again.
    private mutating func next(looksUp: Bool) -> Action {
        let candidates = addresses.filter { $0 == proven } + addresses
        if candidates.allSatisfy({ tried.contains($0) }) {
            rounds += 1
            tried = []
        }
        guard let address = candidates.first(where: { !tried.contains($0) }) else { return .none }
        tried.append(address)
        current = address
        hasHeard = false
        due = nil
        questions = 0
        state = .opening
        defer { isLookingUp = isLookingUp || looksUp }
        return .open(address, looksUp: looksUp && !isLookingUp)
    }

    private mutating func wait(now: NIODeadline) {
        current = nil
        due = nil
        state = .waiting(until: now + backoff.next(random: timing.random()))
    }
}
