import NIOCore

/// When a busy stream is read again: a little later than it could be, so that one wake-up finds several packets.
///
/// A forwarder writes each packet by itself, and to wake up for it costs more than to handle it. Whoever exchanges single
/// packets is not delayed: only a stream that brings them one after another, at less than `interval` each, or one of whose
/// packets so many are under way that the delay is a sixteenth of their round-trip time.
struct ReadCoalescing {
    /// The delay: short beside any round-trip time beyond this machine. With twice as much, NFD has idle moments.
    static let interval = TimeAmount.microseconds(500)
    /// The delay where round-trip times are long, at most: what arrives meanwhile fits any receive buffer.
    static let longestInterval = TimeAmount.milliseconds(4)
    /// The part of a round-trip time that a delay may take: one of so many. By Little's law a round trip is the time in which
    /// as many packets come as are under way.
    static let share: Int64 = 16
    /// A wake-up that brings this many elements is worth its cost, and needs no delay.
    static let enough = 16

    private var last = NIODeadline.distantPast

    /// A wake-up brought `elements`; the time to wait before the next read, nil for none.
    ///
    /// - Parameter awaited: packets that this end has asked for and that are still to come.
    mutating func delay(after elements: Int, awaited: Int, now: NIODeadline) -> TimeAmount? {
        let sinceLast = now - last
        last = now
        guard elements > 0, elements < Self.enough, sinceLast < Self.longestInterval * elements else { return nil }
        // At most 4 ms times the largest window.
        let roundTrip = sinceLast.nanoseconds / Int64(elements) * Int64(awaited)
        let interval = max(Self.interval, min(.nanoseconds(roundTrip / Self.share), Self.longestInterval))
        return sinceLast < interval * elements ? interval : nil
    }
}
