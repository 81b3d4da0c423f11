import NIOCore

/// The round-trip time without a queue: the least mean of a round since the last test, which is due when no sample has
/// come near the least of all for 10 s.
///
/// Flows that share a queue see the same low when one of them tests, so that their next tests fall together, and then
/// the queue is really gone (as in BBR).
struct BaseRTT: Sendable {
    private static let lifetime = TimeAmount.seconds(10)
    private static let floor = 0.002

    private var mean = Double.infinity
    private var least = Double.infinity
    private var since = NIODeadline.uptimeNanoseconds(0)

    var isKnown: Bool { mean < .infinity }
    /// The path is that short that pacing would only add wake-ups.
    var isShort: Bool { mean < 0.001 }
    /// In seconds, at least 2 ms.
    var seconds: Double { max(mean, Self.floor) }

    /// A rate measured in less than that is one of a burst out of some cache, not that of the path.
    func covers(_ interval: TimeAmount) -> Bool { Double(interval.nanoseconds) >= 0.8e9 * min(mean, 1000) }

    /// The first sample of all stands until a round is over.
    mutating func sample(_ rtt: TimeAmount, now: NIODeadline) {
        let sample = Double(max(rtt.nanoseconds, 1)) / 1e9
        if !isKnown { mean = sample }
        guard sample <= least * 1.01 else { return }
        least = min(least, sample)
        since = now
    }

    mutating func round(_ times: PathRound.Times) {
        if let mean = times.mean, !times.isLowerBound { self.mean = min(mean, self.mean) }
    }

    func hasExpired(now: NIODeadline) -> Bool { isKnown && now - since > Self.lifetime }

    /// A test has measured anew.
    mutating func tested(_ times: PathRound.Times, now: NIODeadline) {
        if let found = times.mean, !times.isLowerBound || found > mean { mean = found }
        least = times.minimum ?? least
        since = now
    }
}
