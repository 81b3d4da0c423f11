package import NIOCore

/// When the log says again that a trouble is not over: a minute after it was first told, and then every ten.
package struct TroubleReminder {
    /// What a look at a trouble that is there is worth.
    package enum Word: Equatable {
        /// It has begun.
        case begin
        /// It still is there, so long after its begin.
        case reminder(after: TimeAmount)
        /// It has been told lately.
        case none
    }

    private static let first = TimeAmount.minutes(1)
    private static let interval = TimeAmount.minutes(10)

    private var began: NIODeadline?
    private var next = NIODeadline.distantPast

    package init() {}

    /// The trouble is there, or still there.
    package mutating func look(now: NIODeadline) -> Word {
        guard let began else {
            began = now
            next = now + Self.first
            return .begin
        }
        guard now >= next else { return .none }
        next = now + Self.interval
        return .reminder(after: now - began)
    }

    /// The trouble is over. Returns how long it was there; nil when there was none.
    package mutating func end(now: NIODeadline) -> TimeAmount? {
        defer { began = nil }
        return began.map { now - $0 }
    }

    /// A time in words, of which people need no more than two digits: `90 s`, `12 min`, `30 h`.
    package static func words(_ time: TimeAmount) -> String {
        let seconds = time.nanoseconds / 1_000_000_000
        if seconds < 120 { return "\(seconds) s" }
        return seconds < 7200 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
    }
}
