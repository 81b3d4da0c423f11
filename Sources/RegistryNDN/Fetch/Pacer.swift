import NIOCore

/// Spreads Interests over time, in small trains: each wakes nobody who need not wake, and leaves as one send.
///
/// What is late by up to a train may be caught up; a millisecond's worth, so that on a fast path a train fills a send of
/// 64 Interests, while a slow one gets one or two at a time.
struct Pacer: Sendable {
    private static let train = TimeAmount.milliseconds(1)
    private static let halfTrain = TimeAmount.microseconds(500)

    private var next = NIODeadline.uptimeNanoseconds(0)
    /// There is a pace.
    private var isOn = false

    func maySend(now: NIODeadline) -> Bool {
        !isOn || now >= next
    }

    /// When to wake for the next train: late enough that it is one.
    var nextTrain: NIODeadline? { isOn ? next + Self.halfTrain : nil }

    mutating func sent(rate: Double?, now: NIODeadline) {
        guard let rate, rate > 0 else {
            isOn = false
            return
        }
        isOn = true
        next = max(next, now - Self.train) + .nanoseconds(Int64(min(1e9 / rate, 1e9)))
    }
}
