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
