internal import NIOCore

/// How often something may be done: the time between one and the next doubles, from a second up to a limit.
struct DoublingPause: Sendable {
    private static let first = TimeAmount.seconds(1)

    let limit: TimeAmount
    private var length = Self.first
    private(set) var until: NIODeadline?

    init(limit: TimeAmount) { self.limit = limit }

    func isOver(now: NIODeadline) -> Bool { until.map { $0 <= now } ?? true }

    mutating func begin(now: NIODeadline) {
        until = now + length
        length = min(length * 2, limit)
    }

    mutating func reset() { self = DoublingPause(limit: limit) }
}
