import NIOCore

/// A limit in units a second with a burst, and with debt: what is taken last may exceed what is left.
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

    /// What is left; below 0 for debt.
    mutating func level(now: NIODeadline) -> Double {
        if let last, now > last {
            level = min(burst, level + Double((now - last).nanoseconds) / 1e9 * rate)
        }
        last = now
        return level
    }

    /// Whether anything is left.
    mutating func hasTokens(now: NIODeadline) -> Bool { level(now: now) > 0 }

    /// When something is left again, as things are; nil when something is.
    var refill: NIODeadline? {
        guard level <= 0, let last else { return nil }
        return last + .nanoseconds(1 + Int64(-level / rate * 1e9))
    }

    mutating func take(_ amount: Int) {
        level -= Double(amount)
    }
}
