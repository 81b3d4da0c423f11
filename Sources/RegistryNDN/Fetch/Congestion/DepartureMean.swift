import NIOCore

/// The mean round-trip time of all Interests that left in one stretch of time, once their answers are here.
///
/// The mean of what arrives in a round has too many answers from nearby while the flight grows: those from afar are still
/// those to the smaller flight before.
struct DepartureMean: Sendable {
    private struct Stretch: Sendable {
        var since = NIODeadline.uptimeNanoseconds(0)
        var sum = 0.0
        var count = 0.0
        /// Of the samples that arrived meanwhile.
        var largest = TimeAmount.zero
    }

    /// Shorter ones would have few samples.
    private static let minimumDuration = TimeAmount.milliseconds(2)

    private var current = Stretch()
    private var last = Stretch()

    /// - Returns: the mean of the stretch before this one, when this one is over: it lasted as long as any answer took.
    mutating func sample(_ rtt: TimeAmount, now: NIODeadline) -> Double? {
        let seconds = Double(max(rtt.nanoseconds, 1)) / 1e9
        let departure = now - rtt
        if departure >= current.since {
            (current.sum, current.count) = (current.sum + seconds, current.count + 1)
        } else if departure >= last.since {
            (last.sum, last.count) = (last.sum + seconds, last.count + 1)
        }
        current.largest = max(current.largest, rtt)
        guard now - current.since >= max(current.largest, last.largest, Self.minimumDuration) else { return nil }
        defer {
            last = current
            current = Stretch(since: now)
        }
        return last.count > 0 ? last.sum / last.count : nil
    }
}
