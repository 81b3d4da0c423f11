import NIOCore

/// Counts round trips by what has arrived: a round is over when the answer to an Interest sent after its begin is here.
struct PathRound: Sendable {
    /// A round's round-trip times, in seconds; nil without samples.
    struct Times: Sendable {
        var mean: Double?
        var minimum: Double?
        var count = 0.0
        /// All answers were to segments sent more than once: it took at least that long.
        var isLowerBound = false
    }

    /// Shorter rounds than this say more about scheduling than about the path.
    private static let minimumDuration = TimeAmount.milliseconds(2)

    private(set) var number: UInt64 = 0
    /// Of the last whole round.
    private(set) var last = Times()
    private var end: UInt64 = 0
    private var start = NIODeadline.uptimeNanoseconds(0)
    private var sum = 0.0
    private var count = 0.0
    private var minimum = Double.infinity
    private var ambiguous = (sum: 0.0, count: 0.0)

    /// - Returns: whether the sample began a new round.
    mutating func received(_ sample: PathSample) -> Bool {
        // With some Data from near, some from far, it takes the time of a mean round trip too.
        let duration = max(Self.minimumDuration, sample.smoothedRTT ?? .zero)
        let hasEnded = sample.deliveredBefore >= end && sample.now >= start + duration
        if hasEnded {
            number &+= 1
            end = sample.delivered
            start = sample.now
            if count > 0 {
                last = Times(mean: sum / count, minimum: minimum, count: count)
            } else if ambiguous.count > 0 {
                last = Times(mean: ambiguous.sum / ambiguous.count, isLowerBound: true)
            } else {
                last = Times()
            }
            (sum, count, minimum, ambiguous) = (0, 0, .infinity, (0, 0))
        }
        if let rtt = sample.rtt {
            let seconds = Double(max(rtt.nanoseconds, 1)) / 1e9
            sum += seconds
            count += 1
            minimum = min(minimum, seconds)
        } else {
            ambiguous.sum += Double(sample.sinceLast.nanoseconds) / 1e9
            ambiguous.count += 1
        }
        return hasEnded
    }
}
