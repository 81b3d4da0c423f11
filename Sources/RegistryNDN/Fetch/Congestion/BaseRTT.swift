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
    private var departures = DepartureMean()
    private var least = Double.infinity
    private var since = NIODeadline.uptimeNanoseconds(0)

    var isKnown: Bool { mean < .infinity }
    /// The path is that short that pacing would only add wake-ups.
    var isShort: Bool { mean < 0.001 }
    /// In seconds; 2 ms for a short path.
    var seconds: Double { isShort ? Self.floor : mean }

    /// A rate measured in less than that is one of a burst out of some cache, not that of the path.
    func covers(_ interval: TimeAmount) -> Bool { Double(interval.nanoseconds) >= 0.8e9 * min(mean, 1000) }

    /// The first sample of all stands until there is a mean.
    ///
    /// - Parameter isTest: the flight is short, and measured by the test.
    mutating func received(_ data: PathSample, isTest: Bool) {
        // Segments sent again count as answers to the last transmission, or those from afar, which alone are lost, would
        // be missing from the mean.
        let rtt = data.rtt ?? data.sinceLast
        let sample = Double(max(rtt.nanoseconds, 1)) / 1e9
        guard data.rtt != nil || sample >= least else { return }
        if let settled = departures.sample(rtt, now: data.now), !isTest { mean = min(mean, settled) }
        guard data.rtt != nil else { return }
        if !isKnown { mean = sample }
        guard sample <= least * 1.01 else { return }
        least = min(least, sample)
        since = data.now
    }

    func hasExpired(now: NIODeadline) -> Bool { isKnown && now - since > Self.lifetime }

    /// A test has measured anew.
    ///
    /// - Parameter isSuspect: nothing of ours explained the delay before. Otherwise the queue of other flows, which do not
    ///   test at the same time, may: then more is believed only little by little, or the last to test takes it all.
    mutating func tested(_ times: PathRound.Times, isSuspect: Bool, now: NIODeadline) {
        if let found = times.mean, !times.isLowerBound || found > mean {
            mean = isSuspect ? found : min(found, 1.25 * mean)
        }
        least = times.minimum ?? least
        since = now
    }
}
