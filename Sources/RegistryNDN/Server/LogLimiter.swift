import NIOCore

/// Lets one message of a kind pass a second and counts the rest.
struct LogLimiter {
    private var next = NIODeadline.distantPast
    private var suppressed = 0

    /// The number of messages held back since the last one when this one may be written, else nil.
    mutating func pass(now: NIODeadline) -> Int? {
        guard now >= next else {
            suppressed += 1
            return nil
        }
        next = now + .seconds(1)
        defer { suppressed = 0 }
        return suppressed
    }
}
