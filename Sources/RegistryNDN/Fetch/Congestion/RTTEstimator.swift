package import NIOCore

/// Round-trip time and retransmission timeout, RFC 6298 with the sample scaling of RFC 7323 appendix G.
///
/// Times are nanoseconds as `Double`: gains are divided by the samples expected in a round trip, which integers would
/// round away.
package struct RTTEstimator: Sendable {
    static let minimumTimeout = TimeAmount.milliseconds(200)
    static let maximumTimeout = TimeAmount.seconds(60)
    static let initialTimeout = TimeAmount.seconds(1)
    /// A backed-off timeout is at most this (unless the estimate itself is larger), so that a path that comes back is
    /// noticed well within the stall timer.
    static let maximumBackedOffTimeout = TimeAmount.seconds(1)
    /// NFD's best-route drops a retransmission closer than 10 ms to the one before; a fifth more for jitter.
    static let minimumRetransmissionDelay = TimeAmount.milliseconds(12)

    private var smoothedNanoseconds = 0.0
    private var variation = 0.0
    private var minimumNanoseconds = Double.infinity
    private var backoff: Int64 = 1
    /// Grows when a segment that was declared overtaken turns out to have been on its way; shrinks when that has not
    /// happened in sixteen loss events (RFC 8985 section 6.2).
    private var reordering = 1.0
    private var eventsWithoutReordering = 0

    var hasSample: Bool { minimumNanoseconds < .infinity }
    package var smoothed: TimeAmount? { hasSample ? .nanoseconds(Int64(smoothedNanoseconds)) : nil }
    package var minimum: TimeAmount? { hasSample ? .nanoseconds(Int64(minimumNanoseconds)) : nil }

    /// A sample from a segment that was sent once (Karn's rule is the caller's).
    ///
    /// - Parameter inFlight: Interests in flight; the gains are scaled by half of them.
    mutating func sample(_ rtt: TimeAmount, inFlight: Int) {
        let sample = Double(max(rtt.nanoseconds, 1))
        backoff = 1
        guard hasSample else {
            smoothedNanoseconds = sample
            variation = sample / 2
            minimumNanoseconds = sample
            return
        }
        smooth(sample, over: Double(max(1, (inFlight + 1) / 2)))
        minimumNanoseconds = min(minimumNanoseconds, sample)
    }

    /// An answer that may be to either of two transmissions.
    ///
    /// - Parameters:
    ///   - elapsed: since the first. That is at least the round-trip time, so it counts for little. But on a path that
    ///     has become longer all segments are sent again too soon, and by Karn's rule alone nobody would ever find out.
    ///   - isStale: there has been no sample for long.
    mutating func ambiguous(_ elapsed: TimeAmount, isStale: Bool, inFlight: Int) {
        guard hasSample else { return }
        let sample = Double(elapsed.nanoseconds)
        if isStale {
            smoothedNanoseconds = min(sample, 4 * smoothedNanoseconds)
            variation = smoothedNanoseconds / 2
        } else {
            smooth(min(sample, 4 * smoothedNanoseconds), over: Double(4 * max(1, (inFlight + 1) / 2)))
        }
    }

    private mutating func smooth(_ sample: Double, over expected: Double) {
        variation += (abs(smoothedNanoseconds - sample) - variation) / (4 * expected)
        smoothedNanoseconds += (sample - smoothedNanoseconds) / (8 * expected)
    }

    /// Doubles the timeout, once a loss event, until the next sample.
    mutating func backOff() {
        backoff = min(backoff * 2, 64)
    }

    /// A segment that was sent again is answered sooner than any round trip: it had only been late.
    mutating func sawReordering() {
        reordering = min(reordering * 2, 8)
        eventsWithoutReordering = 0
    }

    /// A loss event has begun.
    mutating func sawLoss() {
        eventsWithoutReordering += 1
        guard eventsWithoutReordering >= 16 else { return }
        eventsWithoutReordering = 0
        reordering = max(reordering / 2, 1)
    }

    /// RTO: how long an Interest waits before it is sent again.
    var timeout: TimeAmount {
        min(plainTimeout * backoff, max(plainTimeout, Self.maximumBackedOffTimeout))
    }

    /// The RTO as round trips alone make it, which does not grow while nothing comes.
    var plainTimeout: TimeAmount {
        guard hasSample else { return Self.initialTimeout }
        let plain = TimeAmount.nanoseconds(Int64(min(smoothedNanoseconds + 4 * variation, 60e9)))
        return min(max(plain, Self.minimumTimeout), Self.maximumTimeout)
    }

    /// How long a segment that a later one has overtaken is waited for (RACK, RFC 8985, with the RTT's variation as the
    /// reordering window, of at most one and a half SRTT until reordering was seen beyond that).
    var overtakenDelay: TimeAmount {
        guard hasSample else { return timeout }
        let bound = smoothedNanoseconds * max(1.5, reordering / 2)
        let window = min(reordering * max(smoothedNanoseconds / 32, 2 * variation), bound)
        let delay = TimeAmount.nanoseconds(Int64(min(smoothedNanoseconds + window, 60e9)))
        return min(max(delay, Self.minimumRetransmissionDelay), timeout)
    }

    /// How long silence lasts before one Interest is repeated as a probe (tail loss probe, RFC 8985).
    var probeDelay: TimeAmount {
        guard hasSample else { return .milliseconds(300) }
        let delay = TimeAmount.nanoseconds(Int64(min(2 * smoothedNanoseconds + 4 * variation, 60e9)))
        return min(max(delay, Self.minimumRetransmissionDelay), timeout)
    }

    /// How long after its transmission number `count` (1 the first) a segment may be sent again: NFD's suppression
    /// interval starts at 10 ms and doubles up to 250 ms.
    package static func suppression(transmissions count: UInt8) -> TimeAmount {
        let doublings = Int64(min(max(count, 1) - 1, 5))
        return min(minimumRetransmissionDelay * (1 << doublings), .milliseconds(260))
    }
}
