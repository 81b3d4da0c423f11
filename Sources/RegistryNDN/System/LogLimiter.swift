package import NIOCore

/// Lets one message of a kind pass in each interval and counts the rest.
package struct LogLimiter {
    private let interval: TimeAmount
    private var next = NIODeadline.distantPast
    private var suppressed = 0

    package init(interval: TimeAmount = .seconds(1)) {
        self.interval = interval
    }

    /// The number of messages held back since the last one when this one may be written, else nil.
    package mutating func pass(now: NIODeadline) -> Int? {
        guard now >= next else {
            suppressed += 1
            return nil
        }
        next = now + interval
        defer { suppressed = 0 }
        return suppressed
    }
}
