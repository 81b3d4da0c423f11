import NIOCore

/// When a busy stream is read again: a little later than it could be, so that one wake-up finds several packets.
///
/// A forwarder writes each packet by itself, and to wake up for it costs more than to handle it. Whoever exchanges single
/// packets is not delayed: only a stream that brings them one after another, at less than `interval` each.
struct ReadCoalescing {
    /// The delay: short beside any round-trip time beyond this machine. With twice as much, NFD has idle moments.
    static let interval = TimeAmount.microseconds(500)
    /// A wake-up that brings this many elements is worth its cost, and needs no delay.
    static let enough = 16

    private var last = NIODeadline.distantPast

    /// A wake-up brought `elements`; the time to wait before the next read, nil for none.
    mutating func delay(after elements: Int, now: NIODeadline) -> TimeAmount? {
        let sinceLast = now - last
        last = now
        guard elements > 0, elements < Self.enough, sinceLast < Self.interval * elements else { return nil }
        return Self.interval
    }
}
