package import NIOCore

/// Pauses between attempts to connect: doubling from the minimum to the maximum, each with up to a quarter of jitter, so
/// that many clients do not come back to a restarted router in the same instant.
package struct Backoff {
    let minimum: TimeAmount
    let maximum: TimeAmount
    private var failures = 0

    package init(minimum: TimeAmount, maximum: TimeAmount) {
        self.minimum = minimum
        self.maximum = maximum
    }

    mutating func reset() {
        failures = 0
    }

    /// The next pause; `random` is uniform in 0..<1.
    package mutating func next(random: Double) -> TimeAmount {
        let base = Self.doubled(minimum, failures, limit: maximum).nanoseconds
        failures = min(failures + 1, 30)
        let jitter = Int64(Double(base) / 4 * random)
        return .nanoseconds(max(minimum.nanoseconds, base - jitter))
    }

    /// `amount`, doubled so many times, but not above `limit`.
    static func doubled(_ amount: TimeAmount, _ times: Int, limit: TimeAmount) -> TimeAmount {
        .nanoseconds(min(limit.nanoseconds, amount.nanoseconds << min(times, 20)))
    }
}

/// The pause before a socket that the system closed is opened again: none after the first loss, then 40 ms, doubling to a
/// second with each loss that follows without a datagram between them.
struct ReopeningPause {
    private static let first = TimeAmount.milliseconds(40)
    private static let longest = TimeAmount.seconds(1)
    private var losses = 0

    /// The socket is lost; the pause, which may be zero.
    mutating func lost() -> TimeAmount {
        defer { losses += 1 }
        return losses == 0 ? .zero : Backoff.doubled(Self.first, losses - 1, limit: Self.longest)
    }

    /// A datagram has arrived.
    mutating func heard() {
        losses = 0
    }
}
