internal import NDN
internal import NIOCore

/// Whether the NDN path to one prefix is worth a try: after a failure it is left alone for a while, and probed until it answers.
///
/// A producer that answers no probe, such as the original server, is probed for as long as no request brings anything: rarely,
/// once the pause is over and requests try the path themselves.
///
/// A failure that does not condemn the path is a doubt: the path is probed meanwhile, and its silence condemns it when the
/// producer is one that answers probes, which a probe after the first answer has found out.
///
/// `Probe` is what the failure was about, such as a name that can be asked for again.
struct PathHealth<Probe: Sendable>: Sendable {
    /// How long the path is skipped after a failure.
    static var pause: TimeAmount { .seconds(60) }
    /// How often it is probed meanwhile.
    static var interval: TimeAmount { .seconds(1) }
    /// How often after the pause, so that people hear of the end of a long outage though nobody pulls.
    static var laterInterval: TimeAmount { .seconds(10) }
    /// How long an answer speaks for the path: one blob that nobody serves does not condemn a path that brought another just now.
    static var trust: TimeAmount { .seconds(10) }

    /// How many minutes a path is left that is much slower than the upstream; nothing that it answers meanwhile brings it
    /// back. A server that stood still for some seconds is no reason to do without NDN for long: twice as many each time, up
    /// to the limit, unless the path was of use for as long as the limit in between.
    static var absence: Int { 1 }
    static var absenceLimit: Int { 10 }
    /// From one comparison with the upstream to the next, and how many times as fast that must be.
    static var trialInterval: TimeAmount { .minutes(1) }
    static var advantage: Double { 2 }

    /// How many probes in a row a producer leaves unanswered that answers none, or does not any more.
    static var patience: Int { 2 }

    /// What a path that is up is probed for.
    private struct Question {
        let probe: Probe
        /// A request failed; otherwise this only finds out whether the producer answers probes.
        let isDoubt: Bool
        var next: NIODeadline
        var unanswered = 0
    }

    private enum State {
        case up
        case down(until: NIODeadline, nextProbe: NIODeadline, Probe)
        /// The path is not used, since the upstream is much faster.
        case left(until: NIODeadline)
    }

    private var state = State.up
    private var lastAnswer: NIODeadline?
    private var hasFailedSince = false
    private var question: Question?
    /// Whether the producer answers probes; nil: that is not known.
    private var answersProbes: Bool?
    private var lastAbsence: (minutes: Int, end: NIODeadline)?
    private var nextTrial = NIODeadline.uptimeNanoseconds(0)
    private let pause: TimeAmount
    private let interval: TimeAmount

    init(pause: TimeAmount = Self.pause, interval: TimeAmount = Self.interval) {
        self.pause = pause
        self.interval = interval
    }

    /// Whether requests go over NDN. After the pause they do even if no probe was answered: not every producer answers
    /// what a probe asks.
    func isUsable(now: NIODeadline) -> Bool {
        switch state {
        case .up: true
        case .down(let until, _, _), .left(let until): now >= until
        }
    }

    /// Why requests do not go over NDN; nil when they do.
    func obstacle(now: NIODeadline) -> Fallback? {
        guard !isUsable(now: now) else { return nil }
        return if case .left = state { .pathLeft } else { .pathDown }
    }

    /// Whether nothing speaks against the path: after a failure only an answer brings that back.
    var isUp: Bool {
        if case .up = state { true } else { false }
    }

    /// The state of the path, in words for people.
    func standing(now: NIODeadline) -> String {
        switch state {
        case .up: lastAnswer == nil ? "not yet tried" : "up"
        case .down(let until, _, _): now < until ? "down" : "to be tried again"
        case .left(let until): now < until ? "left" : "to be tried again"
        }
    }

    /// A request failed on the path. Returns whether the path is down from now on, and was not before.
    ///
    /// - Parameter isCertain: the path itself is known to be broken; otherwise one failure shortly after an answer counts
    ///   only when another follows before a request gets all that it asked for, or when probes find nobody.
    mutating func failed(_ probe: Probe, isCertain: Bool, now: NIODeadline) -> Bool {
        // Requests that began before the first failure fail later: they do not prolong the pause.
        guard isUsable(now: now) else { return false }
        // It is still down: that has been told.
        if case .down = state {
            condemn(probe, now: now)
            return false
        }
        if !isCertain, !hasFailedSince, let lastAnswer, now - lastAnswer < Self.trust {
            hasFailedSince = true
            question = Question(probe: probe, isDoubt: true, next: now)
            return false
        }
        condemn(probe, now: now)
        return true
    }

    private mutating func condemn(_ probe: Probe, now: NIODeadline) {
        state = .down(until: now + pause, nextProbe: now + interval, probe)
        question = nil
    }

    /// A request got all that it asked for. The begin of a blob proves less: a cache may have it while nobody is behind that.
    mutating func delivered() {
        hasFailedSince = false
        if question?.isDoubt == true { question = nil }
    }

    /// A request or a probe was answered. Returns whether the path was down.
    ///
    /// - Parameter probe: what the producer is asked for where nobody knows yet whether it answers probes.
    mutating func answered(_ probe: Probe? = nil, now: NIODeadline) -> Bool {
        lastAnswer = now
        switch state {
        case .up:
            if let probe, answersProbes == nil, question == nil {
                question = Question(probe: probe, isDoubt: false, next: now)
            }
            return false
        case .left(let until) where now < until: return false
        case .down, .left:
            state = .up
            return true
        }
    }

    /// A probe is over. Returns whether the path is up from now on, or down, and was not before; nil: it is as it was.
    mutating func probed(_ probe: Probe, isAnswered: Bool, now: NIODeadline) -> Bool? {
        if isAnswered {
            answersProbes = true
            question = nil
            return answered(now: now) ? true : nil
        }
        guard case .up = state, var question else { return nil }
        question.unanswered += 1
        question.next = now
        self.question = question
        guard question.unanswered >= Self.patience else { return nil }
        self.question = nil
        guard question.isDoubt, answersProbes == true else {
            answersProbes = answersProbes ?? false
            return nil
        }
        condemn(probe, now: now)
        return false
    }

    /// The path leaves most of what it is asked for unanswered. Returns whether to compare it with the upstream now.
    mutating func beginsTrial(now: NIODeadline) -> Bool {
        guard isUsable(now: now), now >= nextTrial else { return false }
        nextTrial = now + Self.trialInterval
        return true
    }

    /// The comparison is over. Returns for how many minutes the path is left; nil: it is not.
    ///
    /// A thin line that NDN and the upstream share is no faster for the upstream: all its blobs stay where they are.
    ///
    /// - Parameters:
    ///   - path: bytes a second of all blobs over NDN.
    ///   - upstream: of one of them from the upstream.
    mutating func tried(path: Double, upstream: Double, now: NIODeadline) -> Int? {
        guard upstream > 0, upstream >= Self.advantage * path else { return nil }
        var minutes = Self.absence
        if let last = lastAbsence, now < last.end + .minutes(Int64(Self.absenceLimit)) {
            minutes = min(2 * last.minutes, Self.absenceLimit)
        }
        let end = now + .minutes(Int64(minutes))
        lastAbsence = (minutes, end)
        state = .left(until: end)
        return minutes
    }

    /// What the task that probes the path does next.
    enum ProbeAction {
        /// Nothing: the path is up without a doubt, or left for the upstream.
        case none
        /// Wait that long and ask again; no longer than ``interval``, since a failure meanwhile brings the next probe forward.
        case wait(TimeAmount)
        /// Send a probe now.
        case probe(Probe)
    }

    mutating func nextProbe(now: NIODeadline) -> ProbeAction {
        switch state {
        case .left: return .none
        case .up:
            guard let question else { return .none }
            guard now >= question.next else { return .wait(min(question.next - now, interval)) }
            let next = now + interval
            self.question?.next = next
            return .probe(question.probe)
        case .down(let until, let nextProbe, let probe):
            guard now >= nextProbe else { return .wait(min(nextProbe - now, interval)) }
            state = .down(until: until, nextProbe: now + (now < until ? interval : Self.laterInterval), probe)
            return .probe(probe)
        }
    }
}
