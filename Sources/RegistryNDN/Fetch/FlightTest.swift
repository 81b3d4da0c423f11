import NIOCore

/// A short flight of half the bandwidth-delay product, which lets the queue drain, and the round-trip time during it.
struct FlightTest: Sendable {
    private static let duration = TimeAmount.milliseconds(200)
    private static let patience = TimeAmount.seconds(3)
    /// The window holds at most two round trips, plus what probing adds: beyond this nothing of ours explains the delay.
    private static let suspicion = 2.5

    private(set) var isDue = false
    private var suspects = 0
    private var started = NIODeadline.uptimeNanoseconds(0)
    private var quietSince: (at: NIODeadline, round: UInt64)?
    private var best = PathRound.Times()
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
        isDue = false
        suspects = 0
        started = now
        quietSince = nil
        best = PathRound.Times()
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
            if round.number >= quietSince.round + 2, let mean = round.last.mean, mean < best.mean ?? .infinity {
                best = round.last
            }
        }
        guard best.mean != nil, now - quietSince.at >= Self.duration else { return nil }
        nextAllowed = now + .seconds(2)
        return best
    }
}
