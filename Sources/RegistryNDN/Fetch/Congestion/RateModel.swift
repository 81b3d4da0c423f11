import NIOCore

/// A model of the path after BBR's idea (draft-cardwell-iccrg-bbr-congestion-control): the largest rate at which Data
/// arrived lately, and the round-trip time without a queue; Interests are paced at the one, and as many are in flight as
/// both together make.
///
/// Random loss changes neither, so that it costs no more than what is lost. What differs from BBR, since Data of one
/// blob may come from caches near and far:
/// - The round-trip time is the least *mean* of a round, not the least sample: with every other segment from a cache
///   next door, the product of rate and least sample would starve the rest.
/// - When round-trip times are far above anything that the window explains, the path is tested at once, by a short flight
///   (BBR would do so after 10 s): it may have become longer.
/// - Below 1 ms what matters is how programs are scheduled, not the path: it counts as 2 ms and is not paced.
/// - Nor is a path paced that begins within this machine, until it loses something: on a busy machine a packet waits for
///   its program most of the time, and who was paced at the rate that this left him would never measure a higher one.
/// - When nothing came for two timeouts, what was lost meanwhile says nothing of the rate.
struct RateModel: CongestionController {
    enum Phase: UInt8, Sendable {
        /// Doubles the flight each round until the rate no longer grows.
        case startup
        /// Lets the queue of the startup drain.
        case drain
        /// Asks for more than the path gave.
        case up
        /// Lets the queue of that drain.
        case down
        case cruise
        /// A short flight, to see the round-trip time without a queue.
        case test
    }

    /// Interests that a thin or short path holds, at most: a small blob, of 64 segments, is much of it.
    private static let thin = 128.0
    private static let startupGain = 2.77
    private static let windowGain = 2.0
    private static let minimumWindow = 4.0
    private static let initialMinimum = 2.0
    /// What a mark and a Nack leave of the flight (RFC 8511 for the first).
    private static let markFactor = 0.85
    private static let nackFactor = 0.7
    /// What loss together with delay leaves.
    private static let lossFactor = 0.8

    private(set) var window: Double
    private(set) var pacingRate: Double?
    let ignoresLoss = true
    private(set) var phase = Phase.startup
    private var round = PathRound()
    private var base = BaseRTT()
    private var rates = WindowedMaximum(length: 10)
    private var aggregation = DataAggregation()
    /// Startup: the rate that was to be exceeded, and rounds in which it was not.
    private var plateau = (rate: 0.0, rounds: 0)
    /// Startup: the least round-trip time of the latest answers, in seconds, and how many they are.
    private var latest = (least: Double.infinity, count: 0)
    private var hasFilled = false
    /// Bound of the window after marks; grows again.
    private var ceiling = Double.infinity
    private var reducedInRound = false
    private var phaseRound: UInt64 = 0
    private var phaseStart = NIODeadline.uptimeNanoseconds(0)
    private var rateBefore = 0.0
    /// Since the path was new.
    private var answers = 0
    private var windowAtRound = 0.0
    /// Before the test.
    private var windowBefore = 0.0
    private var cruiseRounds: UInt64 = 3
    private var test = FlightTest()
    private var losses = RoundLosses()
    /// The path begins within this machine, and has lost nothing so far.
    private var isLossless: Bool
    /// Nothing has come since the window collapsed.
    private var isSilent = false

    /// - Parameter isLocal: the face leads to a program on this machine.
    init(initialWindow: Int, isLocal: Bool = false) {
        isLossless = isLocal
        window = max(Double(initialWindow), Self.initialMinimum)
        windowAtRound = window
    }

    /// On a path that has been used before, but not measured: the window holds what the path does, more or less.
    init(resumingAt window: Double) {
        self.init(initialWindow: Int(min(window, 1e6)))
        hasFilled = true
        phase = .cruise
    }

    private var rate: Double { rates.value }
    /// The bandwidth-delay product, in Interests.
    private var product: Double { rate * base.seconds }

    /// Small blobs one by one measure what they use of the path, and at that pace would never use more of it.
    var restart: Double? {
        let isCalm = (phase == .cruise || phase == .up) && losses.last == 0
        return pacingRate != nil && isCalm && product < Self.thin ? product : nil
    }

    // MARK: Data

    mutating func received(_ sample: PathSample) {
        isSilent = false
        answers += 1
        let hasEnded = round.received(sample)
        if let measured = sample.rate, base.covers(sample.interval) || !base.isKnown,
            !sample.isDemandLimited || measured > rate
        {
            rates.add(measured, round: round.number)
        }
        aggregation.received(sample, rate: rate, round: round.number)
        base.received(sample, isTest: phase == .test)
        if hasEnded { endRound(sample) }
        if phase == .startup, !sample.isAfterPause || window > Self.thin { watchQueue(sample) }
        step(sample)
        setWindow(sample)
    }

    private mutating func endRound(_ sample: PathSample) {
        windowAtRound = window
        let isQuiet = round.last.mean.map { $0 < 1.25 * base.seconds } ?? false
        losses.endRound(sample, isQuiet: isQuiet)
        if losses.last > 0.02, losses.count >= 2 { isLossless = false }
        if losses.areExcessive {
            // No randomness loses that much: the path has become slower, or was never that fast.
            rates.reset(losses.arrivalRate, round: round.number)
            hasFilled = true
        } else if losses.last > 0.02, !isQuiet, losses.count >= 2 {
            // What is lost at random is in flight as well, and longer: without room for it the path runs dry.
            let compensation = losses.compensation * losses.compensation
            congested(Self.lossFactor, inFlight: sample.inFlight, least: product * compensation)
        }
        if phase != .test {
            test.suspect(round.last, base: base.seconds, now: sample.now)
        }
        if !reducedInRound, ceiling < .infinity {
            ceiling = ceiling > 4 * max(product, Self.minimumWindow) ? .infinity : ceiling * 1.05 + 1
        }
        reducedInRound = losses.last > 0.02 && !isQuiet && losses.count >= 2
        if phase == .startup, !sample.isDemandLimited { checkPlateau(sample) }
    }

    private mutating func checkPlateau(_ sample: PathSample) {
        // Half a round-trip time more in a whole round: the window holds more than the path does.
        if let least = round.last.minimum, least > 1.5 * base.seconds + 0.001 { hasFilled = true }
        if rate >= plateau.rate * 1.25 {
            plateau = (rate, 0)
        } else if Double(sample.inFlight) > 0.75 * product {
            plateau.rounds += 1
            if plateau.rounds >= 3 { hasFilled = true }
        }
    }

    /// Startup: some answers in a row that all took half a round-trip time more say that the window holds more than the path does. The
    /// end of the round would come after the window has doubled again.
    private mutating func watchQueue(_ sample: PathSample) {
        guard let rtt = sample.rtt else { return }
        latest = (min(latest.least, Double(rtt.nanoseconds) / 1e9), latest.count + 1)
        guard latest.count >= 16 else { return }
        if latest.least > 1.5 * base.seconds + 0.001 { hasFilled = true }
        latest = (.infinity, 0)
    }

    // MARK: Phases

    private mutating func step(_ sample: PathSample) {
        let rounds = round.number &- phaseRound
        let inFlight = Double(sample.inFlight)
        switch phase {
        case .startup:
            if hasFilled { enter(.drain, sample) }
        case .drain:
            if inFlight <= product || rounds > 8 { enter(.cruise, sample) }
        case .up:
            if rounds >= 1, inFlight >= 1.2 * product || rounds >= 2 || reducedInRound { enter(.down, sample) }
        case .down:
            guard inFlight <= product || rounds > 3 else { break }
            // What was asked for beyond the rate arrived: there is more to be had.
            enter(rate > rateBefore * 1.15 && !reducedInRound ? .up : .cruise, sample)
        case .cruise:
            if rounds >= cruiseRounds { enter(.up, sample) }
        case .test:
            guard let found = test.step(sample, target: testWindow, round: round) else { break }
            let before = base.seconds
            base.tested(found, isSuspect: test.isSuspect, now: sample.now)
            // A path that has become longer holds more: find out how much.
            if base.seconds > 2 * before { startAgain() }
            // The rate is as it was: so much the path holds at once, paced.
            window = max(window, min(windowBefore, Self.windowGain * product))
            enter(hasFilled ? .cruise : .startup, sample)
        }
        if phase != .test, phase != .startup, test.isDue || base.hasExpired(now: sample.now) {
            test.begin(now: sample.now)
            windowBefore = window
            enter(.test, sample)
        }
    }

    private mutating func startAgain() {
        hasFilled = false
        ceiling = .infinity
        plateau = (rate, 0)
    }

    private mutating func enter(_ next: Phase, _ sample: PathSample) {
        if next == .up { rateBefore = rate }
        phase = next
        phaseRound = round.number
        phaseStart = sample.now
        // Flows that share a queue must not all probe at once.
        cruiseRounds = 3 + UInt64(truncatingIfNeeded: sample.now.uptimeNanoseconds / 1009 % 4)
    }

    // MARK: Window and pace

    private var testWindow: Double { max(product / 2, Self.minimumWindow) }

    private mutating func setWindow(_ sample: PathSample) {
        guard rate > 0, base.isKnown else {
            window += 1
            return
        }
        let target = max(Self.windowGain * product + aggregation.extra, Self.minimumWindow)
        if hasFilled {
            window = min(window + 1, target)
        } else if window < target || answers < 32 {
            // Data from nearby comes many times in a round: the rest of the path must not be asked for as much.
            window = min(window + 1, max(2 * windowAtRound, window))
        }
        if phase == .test { window = min(window, testWindow) }
        window = max(min(window, ceiling), 1)
        pacingRate = base.isShort || isLossless ? nil : pace
    }

    private var pace: Double {
        let modelled = rate * pacingGain * losses.compensation
        // The first rates are those of one segment, and say nothing.
        return phase == .startup ? max(modelled, 2 * window / base.seconds) : modelled
    }

    private var pacingGain: Double {
        switch phase {
        case .startup: Self.startupGain
        case .drain: 1 / Self.startupGain
        case .up: 1.25
        case .down: 0.75
        case .cruise, .test: 1
        }
    }

    // MARK: Congestion

    mutating func lost() {
        if !isSilent { losses.add() }
    }

    mutating func wasNotLost() {
        losses.remove()
    }

    mutating func reduce(_ signal: CongestionSignal, inFlight: Int, now: NIODeadline) {
        guard signal != .loss else { return }
        congested(signal == .mark ? Self.markFactor : Self.nackFactor, inFlight: inFlight)
    }

    private mutating func congested(_ factor: Double, inFlight: Int, least: Double = Self.initialMinimum) {
        ceiling = max(min(window, Double(max(inFlight, 1))) * factor, least, Self.initialMinimum)
        window = min(window, ceiling)
        hasFilled = true
        reducedInRound = true
    }

    mutating func collapse(now: NIODeadline) {
        // The model stays: if the path comes back as it was, each Data raises the window by one up to it.
        window = Self.minimumWindow
        losses.forget(now: now)
        isSilent = true
    }

    mutating func undo(_ before: RateModel) {
        ceiling = max(ceiling, before.ceiling)
        window = max(window, before.window)
    }
}
