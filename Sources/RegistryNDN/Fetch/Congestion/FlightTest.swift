import NIOCore

/// A short flight of half the bandwidth-delay product, which lets the queue drain, and the round-trip time during it.
struct FlightTest: Sendable {
    private static let duration = TimeAmount.milliseconds(200)
    /// Samples, where near and far answers are mixed.
    private static let enough = 16.0
    private static let patience = TimeAmount.seconds(3)
    /// The window holds at most two round trips, plus what probing adds: beyond this nothing of ours explains the delay.
    private static let suspicion = 2.5

    private(set) var isDue = false
    /// The test under way is not just one of those that come every 10 s.
    private(set) var isSuspect = false
    private var suspects = 0
    private var started = NIODeadline.uptimeNanoseconds(0)
    private var quietSince: (at: NIODeadline, round: UInt64)?
    private var best = PathRound.Times()
    /// Rounds of few samples are taken together: with Data from near and far their means vary.
    private var sum = 0.0
    private var count = 0.0
    private var counted: UInt64 = 0
    private var nextAllowed = NIODeadline.uptimeNanoseconds(0)

    /// A round has ended outside a test.
    mutating func suspect(_ times: PathRound.Times, base: Double, now: NIODeadline) {
        guard let mean = times.mean, mean > Self.suspicion * base + 0.005, now >= nextAllowed else {
            suspects = 0
            return
        }
        suspects += 1
        if suspects >= 2 { isDue = true }
    }

    mutating func begin(now: NIODeadline) {
        isSuspect = isDue
        isDue = false
        suspects = 0
        started = now
        quietSince = nil
        best = PathRound.Times()
        (sum, count) = (0, 0)
    }

    /// One Data packet during the test.
    ///
    /// - Returns: the round-trip times without a queue, when the test is over.
    mutating func step(_ sample: PathSample, target: Double, round: PathRound) -> PathRound.Times? {
        let now = sample.now
        guard let quietSince else {
            if Double(sample.inFlight) <= target || now - started > Self.patience {
                self.quietSince = (now, round.number)
                counted = round.number
            }
            return nil
        }
        // The round under way, and the next, still have answers to what left before.
        if round.number > counted {
            counted = round.number
            if round.number >= quietSince.round + 2 { add(round.last) }
        }
        guard best.mean != nil, now - quietSince.at >= Self.duration else { return nil }
        nextAllowed = now + .seconds(2)
        return best
    }

    private mutating func add(_ times: PathRound.Times) {
        guard let mean = times.mean else { return }
        guard !times.isLowerBound else {
            if best.mean == nil { best = times }
            return
        }
        let minimum = times.minimum ?? mean
        sum += mean * times.count
        count += times.count
        best.minimum = min(best.minimum ?? .infinity, minimum)
        guard count >= Self.enough || 2 * minimum > mean else { return }
        if best.isLowerBound || sum / count < best.mean ?? .infinity {
            best.mean = sum / count
            best.isLowerBound = false
        }
        (sum, count) = (0, 0)
    }
}
