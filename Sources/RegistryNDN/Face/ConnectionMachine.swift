import NIOCore

/// When the connection under a face is dead, and what is tried next: no socket, no clock. The same for Unix, TCP and UDP.
///
/// A connection is dead when it ends, or when Interests leave it and nothing at all comes back. That nothing comes back may
/// as well be a producer's fault, further away: so the peer itself is asked something that every forwarder answers, and only
/// when that brings nothing either, the next connection is made. It goes to the next of the host's addresses, over UDP from
/// another port, and the host's name is looked up meanwhile: the host may have moved, its first address may be silent, a NAT
/// on the way may have forgotten this face. While nobody sends Interests, nothing is tried.
///
/// Over UDP a host may also say that no program listens at the port (ICMP port unreachable, which is ECONNREFUSED here). What it
/// says may concern something sent long ago, while packets still lie in the socket, or a program that has been restarted
/// meanwhile: so the peer is asked, and only when that is refused too, it is out. Then the face is shut, so that nothing is
/// sent that nobody hears, and the peer is asked on, until it answers, or at least no longer refuses.
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
        /// From an Interest that no packet followed to the first question.
        var question = TimeAmount.seconds(2)
        /// Between two questions, and from the last question to the next connection.
        var interval = TimeAmount.seconds(1)
        /// Questions before a peer is given up; twice as many each time that all addresses have been tried, up to the limit.
        var questions = 3
        var questionLimit = 20
        /// From a refusal to the question whether it still holds: packets that came before it have been read then.
        var doubt = TimeAmount.milliseconds(100)
        /// Uniform in 0 ..< 1.
        var random: @Sendable () -> Double = { .random(in: 0..<1) }
    }

    private enum State {
        case idle
        /// No address is known yet.
        case resolving
        case opening
        case open
        /// All addresses failed: the next attempt follows after a pause.
        case waiting(until: NIODeadline)
    }

    private let timing: Timing
    private var backoff: Backoff
    private var state = State.idle
    private var addresses: [SocketAddress] = []
    private var current: SocketAddress?
    /// The address that a packet came from last: it is tried first.
    private var proven: SocketAddress?
    /// The addresses tried since a packet came.
    private var tried: [SocketAddress] = []
    private var rounds = 0
    private var isLookingUp = false
    /// Whether a packet came over the present connection.
    private var hasHeard = false
    /// When to ask the next question, or to give the peer up; nil while no Interest waits for an answer.
    private var due: NIODeadline?
    private var questions = 0
    /// Whether the peer was given up, or never reached, and no packet has come since.
    private(set) var isOut = false
    /// Whether Interests are to be kept back, since no program listens at the peer's port.
    private(set) var isShut = false
    /// Whether a refusal has come since the last question.
    private var isRefused = false

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

    /// The lookup found these addresses of the host, at least one.
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

    /// The lookup found no address. Addresses that it found before are still tried.
    mutating func unresolved(now: NIODeadline) {
        isLookingUp = false
        guard case .resolving = state else { return }
        wait(now: now)
    }

    /// The connection is open; whether the peer answers is not known yet.
    mutating func opened(now: NIODeadline) -> Action {
        guard case .opening = state else { return .none }
        state = .open
        guard isOut else { return .none }
        // Nobody need send an Interest for the end of an outage to be found.
        due = now + timing.interval
        questions = 1
        isRefused = false
        return .ask
    }

    /// The connection to the address could not be opened.
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
    /// - Parameter isForeign: whether octets came that are not NDN; the pause before the next attempt then keeps growing.
    mutating func lost(isForeign: Bool, now: NIODeadline) {
        if hasHeard, !isForeign { backoff.reset() }
        isOut = true
        wait(now: now)
    }

    /// The host says that no program listens at the address. Where no packet ever came from, the next address is tried, if there is
    /// one. Otherwise the program is probably being restarted: the address and the port are kept.
    mutating func refused(now: NIODeadline) -> Action {
        guard case .open = state else { return .none }
        if !hasHeard, addresses.contains(where: { !tried.contains($0) }) { return next(looksUp: false) }
        guard questions > 0 else {
            doubted(now: now)
            return .none
        }
        isRefused = true
        isShut = true
        isOut = true
        due = due ?? now + timing.interval
        return .none
    }

    /// Something says that the peer may be gone: it is asked soon.
    mutating func doubted(now: NIODeadline) {
        guard case .open = state, questions == 0 else { return }
        due = min(due ?? .distantFuture, now + timing.doubt)
    }

    /// An Interest was sent, the first since a packet came or since the connection was opened.
    mutating func asked(now: NIODeadline) {
        guard due == nil else { return }
        due = now + (questions > 0 ? timing.interval : timing.question)
    }

    /// A packet came. Returns whether the peer had been out until then.
    mutating func heard() -> Bool {
        due = nil
        isShut = false
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
            // A host that refuses no more may be a producer that answers no such question.
            isShut = isRefused
            isRefused = false
            // A process that was suspended for long asks the remaining questions first, instead of giving up at once.
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
        isShut = false
        state = .waiting(until: now + backoff.next(random: timing.random()))
    }
}
