package import NIOCore

/// One transmission of an Interest, and the path's state when it left, from which its answer gives the delivery rate
/// (draft-cheng-iccrg-delivery-rate-estimation).
package struct Transmission: Sendable {
    package var sentAt = NIODeadline.uptimeNanoseconds(0)
    /// Transmissions of all fetches are numbered in the order of sending.
    package var sequence: UInt64 = 0
    fileprivate var delivered: UInt64 = 0
    fileprivate var deliveredAt = NIODeadline.uptimeNanoseconds(0)
    fileprivate var firstSentAt = NIODeadline.uptimeNanoseconds(0)
    fileprivate var isDemandLimited = false
    fileprivate var isAfterPause = false
}

/// What all fetches over one face share: its round-trip times, its window, its pace and the order of transmissions.
package struct FetchPath: Sendable {
    package private(set) var rtt = RTTEstimator()
    private(set) var controller: SelectedController
    var suppression = Suppression()
    private let algorithm: CongestionAlgorithm
    /// The window of a path of which nothing is known.
    private(set) var initialWindow: Int
    private var isLocal: Bool
    package let maximumWindow: Int
    /// Interests in flight, all fetches together.
    package private(set) var inFlight = 0
    /// Nothing but the window or the pace kept the last Interest back.
    var isWindowLimited = false
    private var nextSequence: UInt64 = 1
    /// Makes the nonces of this path differ from everybody else's.
    private let salt: UInt64
    private var pacer = Pacer()
    private var losses = LossEpisode()
    /// Transmissions below this left before the last reaction to a mark or Nack.
    private var signalRecovery: UInt64 = 0
    private var dataSinceTimeout = true

    private var delivered: UInt64 = 0
    private var deliveredAt = NIODeadline.uptimeNanoseconds(0)
    private var firstSentAt = NIODeadline.uptimeNanoseconds(0)
    /// When a packet came last, for whichever fetch.
    private(set) var lastArrival = NIODeadline.uptimeNanoseconds(0)
    /// When there was a round-trip sample, and ambiguous answers since.
    private var lastSample = (at: NIODeadline.uptimeNanoseconds(0), ambiguities: 0)
    /// Packets that had arrived when an Interest left last and nothing was in flight.
    private var restartedAt: UInt64 = .max
    /// What is in flight until this many have arrived left while demand was short.
    private var demandLimitedUntil: UInt64 = 0

    package init(
        initialWindow: Int, maximumWindow: Int, algorithm: CongestionAlgorithm = .rate, isLocal: Bool = false,
        salt: UInt64 = .random(in: .min ... .max)
    ) {
        self.maximumWindow = max(maximumWindow, 1)
        self.algorithm = algorithm
        self.initialWindow = initialWindow
        self.isLocal = isLocal
        self.salt = salt
        controller = SelectedController(algorithm, initialWindow: initialWindow, isLocal: isLocal)
    }

    /// The window in whole Interests, within its bound.
    package var window: Int { min(max(Int(min(controller.window, 1e9)), 1), maximumWindow) }

    // MARK: Sending

    /// Nothing was in flight, and nothing has come since: what leaves now finds the path empty.
    private var isRestarting: Bool { restartedAt == delivered }

    /// After a pause, as many Interests as the path holds: they leave in half a round-trip time. More would stand in its queue.
    private var restart: Double? { isRestarting ? controller.restart : nil }

    /// Interests that may be in flight.
    private var allowance: Int { restart.map { min(window, Int(min($0, 1e9)) + 1) } ?? window }

    /// Whether the window and the pace allow an Interest.
    mutating func maySend(now: NIODeadline) -> Bool {
        guard inFlight < allowance, pacer.maySend(now: now) else {
            isWindowLimited = true
            return false
        }
        return true
    }

    /// When the pace allows the next train, if that alone keeps Interests back.
    func nextTrain() -> NIODeadline? {
        inFlight < allowance && isWindowLimited ? pacer.nextTrain : nil
    }

    /// There is nothing to be asked for although there is room.
    mutating func noteIdle() {
        isWindowLimited = false
        demandLimitedUntil = max(delivered &+ UInt64(inFlight), 1)
    }

    /// An Interest leaves.
    mutating func transmit(now: NIODeadline) -> Transmission {
        if inFlight == 0 {
            firstSentAt = now
            deliveredAt = now
            if demandLimitedUntil > 0 { restartedAt = delivered }
        }
        inFlight += 1
        let slack = TimeAmount.nanoseconds((rtt.minimum ?? .zero).nanoseconds / 8)
        let pace = restart == nil ? controller.pacingRate : controller.pacingRate.map { 2 * $0 }
        pacer.sent(rate: pace, slack: min(slack, .milliseconds(10)), now: now)
        defer { nextSequence &+= 1 }
        return Transmission(
            sentAt: now, sequence: nextSequence, delivered: delivered, deliveredAt: deliveredAt,
            firstSentAt: firstSentAt, isDemandLimited: demandLimitedUntil > 0, isAfterPause: isRestarting)
    }

    /// The Nonce of a transmission: different for each, and nothing to store (SplitMix64).
    package func nonce(_ sequence: UInt64) -> UInt32 {
        var z = salt &+ sequence &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return UInt32(truncatingIfNeeded: z >> 32)
    }

    /// Interests are no longer waited for.
    mutating func forget(_ count: Int) {
        inFlight -= count
    }

    // MARK: Answers

    /// A packet came, whatever it says.
    mutating func noteArrival(now: NIODeadline) { lastArrival = max(lastArrival, now) }

    /// Data arrived for a transmission.
    ///
    /// - Parameters:
    ///   - isAmbiguous: the segment was sent more than once, and nobody knows which of them was answered.
    ///   - first: when the first of two left; nil if there were more or less.
    mutating func received(
        _ sent: Transmission, isAmbiguous: Bool, first: NIODeadline?, isMarked: Bool, now: NIODeadline
    ) {
        dataSinceTimeout = true
        delivered &+= 1
        deliveredAt = now
        if demandLimitedUntil > 0, delivered > demandLimitedUntil { demandLimitedUntil = 0 }
        let elapsed = now - sent.sentAt
        if !isAmbiguous {
            rtt.sample(elapsed, inFlight: inFlight)
            lastSample = (now, 0)
        } else if let first {
            lastSample.ambiguities += 1
            // So many in a row, for so long, are not lost by chance.
            let isStale = lastSample.ambiguities >= 16 && now - lastSample.at > (rtt.smoothed ?? .zero) * 4
            rtt.ambiguous(now - first, isStale: isStale, inFlight: inFlight)
            if isStale { lastSample = (now, 0) }
        }
        let interval = max(sent.sentAt - sent.firstSentAt, now - sent.deliveredAt)
        let sample = PathSample(
            rtt: isAmbiguous ? nil : elapsed, sinceLast: elapsed,
            rate: rate(sent, over: interval, isAmbiguous: isAmbiguous),
            interval: interval,
            isDemandLimited: sent.isDemandLimited, isAfterPause: sent.isAfterPause && !isWindowLimited,
            isWindowLimited: isWindowLimited && controller.window < Double(maximumWindow), delivered: delivered,
            deliveredBefore: sent.delivered, inFlight: inFlight, smoothedRTT: rtt.smoothed, now: now)
        firstSentAt = max(firstSentAt, sent.sentAt)
        controller.received(sample)
        if isMarked { congestion(.mark, sequence: sent.sequence, now: now) }
    }

    /// Data packets a second, over the longer of the times in which they were asked for and arrived.
    private func rate(_ sent: Transmission, over interval: TimeAmount, isAmbiguous: Bool) -> Double? {
        // An answer to an earlier transmission makes the time too short.
        guard interval > .zero, let least = rtt.minimum, !isAmbiguous || interval >= least else { return nil }
        return Double(delivered &- sent.delivered) * 1e9 / Double(interval.nanoseconds)
    }

    // MARK: Losses

    /// An Interest is taken for lost.
    ///
    /// - Returns: the loss event it belongs to, for ``wasNotLost(_:)``.
    mutating func lost(_ sent: Transmission, now: NIODeadline) -> UInt32 {
        controller.lost()
        if losses.isNew(sent.sequence) {
            rtt.sawLoss()
            losses.begin(before: controller, next: nextSequence)
            controller.reduce(.loss, inFlight: inFlight, now: now)
        }
        return losses.add()
    }

    /// The retransmission timer of a transmission expired.
    ///
    /// - Returns: as ``lost(_:now:)``.
    mutating func timedOut(_ sent: Transmission, now: NIODeadline) -> UInt32 {
        controller.lost()
        if losses.isNew(sent.sequence) {
            losses.begin(before: controller, next: nextSequence)
            rtt.backOff()
            if dataSinceTimeout {
                controller.reduce(.loss, inFlight: inFlight, now: now)
            } else {
                controller.collapse(now: now)
            }
            dataSinceTimeout = false
        }
        return losses.add()
    }

    /// A segment that was taken for lost in event `episode` had only been late: wait longer, and take the reaction back
    /// if nothing else was lost.
    mutating func wasNotLost(_ episode: UInt32) {
        rtt.sawReordering()
        controller.wasNotLost()
        if let before = losses.take(episode) { controller.undo(before) }
    }

    /// A mark or Nack Congestion that concerns transmission `sequence`.
    mutating func congestion(_ signal: CongestionSignal, sequence: UInt64, now: NIODeadline) {
        guard sequence >= signalRecovery, controller.ignoresLoss || losses.isNew(sequence) else { return }
        signalRecovery = nextSequence
        if !controller.ignoresLoss { losses.begin(before: nil, next: nextSequence) }
        controller.reduce(signal, inFlight: inFlight, now: now)
    }

    // MARK: Near and far

    /// Answers come from near, perhaps out of a cache: what is not in there may be far.
    var isNear: Bool {
        guard let least = rtt.minimum, let usual = rtt.smoothed else { return false }
        return least < .milliseconds(4) && usual < .milliseconds(20)
    }

    /// An answer that took so long comes from elsewhere than those before.
    func isFar(_ elapsed: TimeAmount) -> Bool {
        isNear && elapsed > max((rtt.smoothed ?? .zero) * 2, .milliseconds(20))
    }

    /// What is asked for from now on comes from elsewhere: nothing learnt holds.
    mutating func leave() { reset(initialWindow: initialWindow, isLocal: isLocal) }

    /// The connection is new: nothing learnt holds.
    mutating func reset(initialWindow: Int, isLocal: Bool) {
        (self.initialWindow, self.isLocal) = (initialWindow, isLocal)
        rtt = RTTEstimator()
        suppression = Suppression()
        controller = SelectedController(algorithm, initialWindow: initialWindow, isLocal: isLocal)
        losses.begin(before: nil, next: nextSequence)
        pacer = Pacer()
        isWindowLimited = false
        dataSinceTimeout = true
        demandLimitedUntil = 0
        restartedAt = .max
    }
}
