import NIOCore

/// Spreads Interests over time, in small trains: each wakes nobody who need not wake, and leaves as one send.
///
/// What is late by up to a train may be caught up; a millisecond's worth, so that on a fast path a train fills a send of
/// 64 Interests, while a slow one gets one or two at a time.
struct Pacer: Sendable {
    /// In time, and in Interests: as many as leave in one send.
    private static let train = (time: TimeAmount.milliseconds(1), interests: 64.0)

    private var next = NIODeadline.uptimeNanoseconds(0)
    /// There is a pace.
    private var isOn = false
    private var train = Self.train.time

    func maySend(now: NIODeadline) -> Bool {
        !isOn || now >= next
    }

    /// When to wake for the next train: late enough that it is one.
    var nextTrain: NIODeadline? { isOn ? next + .nanoseconds(train.nanoseconds / 2) : nil }

    /// - Parameter slack: lateness that may be caught up, when that is more than a train's: on a busy machine the clock
    ///   is late by milliseconds, and what is not caught up is lost.
    mutating func sent(rate: Double?, slack: TimeAmount = .zero, now: NIODeadline) {
        guard let rate, rate > 0 else {
            isOn = false
            return
        }
        isOn = true
        train = min(Self.train.time, .nanoseconds(Int64(min(Self.train.interests * 1e9 / rate, 1e9))))
        next = max(next, now - max(train, slack)) + .nanoseconds(Int64(min(1e9 / rate, 1e9)))
    }
}
