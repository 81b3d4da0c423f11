import NIOCore

/// What part of the Interests of a round is lost.
struct RoundLosses: Sendable {
    /// More than this is congestion, whatever the delay.
    private static let excessive = 0.4
    private static let compensated = 0.25

    /// Losses in the round under way.
    private var lost = 0.0
    private var delivered: UInt64?
    private var start = NIODeadline.uptimeNanoseconds(0)
    private var smoothed = 0.0
    private var before = (lost: 0.0, arrived: 0.0, seconds: 0.0)
    /// Of the last whole round: the part lost, and how many.
    private(set) var last = 0.0
    private(set) var count = 0.0
    /// Of the last two, since what is lost is found out a round later.
    private var recent = 0.0
    /// Data packets a second that arrived in them.
    private(set) var arrivalRate = 0.0

    /// What is to be asked for to get one: as long as loss comes without delay it is taken for random.
    var compensation: Double { 1 / (1 - min(smoothed, Self.compensated)) }

    var areExcessive: Bool { recent > Self.excessive && count >= 8 && arrivalRate > 0 }

    mutating func add() { lost += 1 }

    /// One of them was none.
    mutating func remove() { lost = max(lost - 1, 0) }

    /// Nothing came through at all: that says nothing of how much is lost.
    mutating func forget(now: NIODeadline) {
        lost = 0
        before = (0, 0, 0)
        start = now
    }

    /// - Parameter isQuiet: there was no queue in the round.
    mutating func endRound(_ sample: PathSample, isQuiet: Bool) {
        // What came before the first round was another path's.
        let arrived = Double(sample.delivered &- (delivered ?? sample.deliveredBefore))
        let seconds = Double((sample.now - start).nanoseconds) / 1e9
        last = lost / max(lost + arrived, 1)
        count = lost
        recent = (lost + before.lost) / max(lost + before.lost + arrived + before.arrived, 1)
        arrivalRate = (arrived + before.arrived) / max(seconds + before.seconds, 1e-6)
        before = (lost, arrived, seconds)
        smoothed += ((isQuiet ? last : 0) - smoothed) / 8
        lost = 0
        delivered = sample.delivered
        start = sample.now
    }
}
