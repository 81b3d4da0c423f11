import NIOCore

/// A limit in units a second, with a burst and with debt: one may take more units at once than are left.
struct TokenBucket {
    let rate: Double
    let burst: Double
    private var level: Double
    private var last: NIODeadline?

    /// `rate` units a second, and `burst` at once.
    init(rate: Double, burst: Double) {
        self.rate = rate
        self.burst = burst
        level = burst
    }

    /// The units that are left; below 0 for debt.
    mutating func level(now: NIODeadline) -> Double {
        if let last, now > last {
            level = min(burst, level + Double((now - last).nanoseconds) / 1e9 * rate)
        }
        last = now
        return level
    }

    /// Whether anything is left.
    mutating func hasTokens(now: NIODeadline) -> Bool { level(now: now) > 0 }

    /// When a unit is left again, if nobody takes any until then; nil when one is left now.
    var refill: NIODeadline? {
        guard level <= 0, let last else { return nil }
        return last + .nanoseconds(1 + Int64(-level / rate * 1e9))
    }

    mutating func take(_ amount: Int) { level -= Double(amount) }
}
