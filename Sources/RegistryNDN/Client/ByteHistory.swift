internal import NIOCore

/// How many octets answers had in each of the last 60 minutes, by where they came from. Logic only.
///
/// A request tells at its end what it had, and from when to when: its octets are spread evenly over that time.
struct ByteHistory: Hashable, Sendable {
    struct Minute: Hashable, Sendable {
        var ndn: UInt64 = 0
        var upstream: UInt64 = 0
    }

    static let length = 60
    private static let minute = TimeAmount.minutes(1).nanoseconds

    /// Each at the remainder of its number by the length.
    private var ring = Array(repeating: Minute(), count: length)
    /// The number of the newest minute of the ring.
    private var newest: Int64

    init(now: NIODeadline) { newest = Self.number(now) }

    mutating func add(ndn: UInt64, upstream: UInt64, from begin: NIODeadline, to end: NIODeadline) {
        advance(to: Self.number(end))
        guard ndn + upstream > 0 else { return }
        let span = max((end - begin).nanoseconds, 1)
        let first = max(Self.number(begin), newest - Int64(Self.length) + 1)
        // What belongs to minutes that are forgotten already is not told.
        var done = Double(max(0, first * Self.minute - Self.nanoseconds(begin))) / Double(span)
        var given = Minute(ndn: Self.share(ndn, done), upstream: Self.share(upstream, done))
        for number in first...max(first, Self.number(end)) {
            done = Double((number + 1) * Self.minute - Self.nanoseconds(begin)) / Double(span)
            let due = Minute(ndn: Self.share(ndn, done), upstream: Self.share(upstream, done))
            ring[Self.place(number)].ndn += due.ndn - given.ndn
            ring[Self.place(number)].upstream += due.upstream - given.upstream
            given = due
        }
    }

    /// Oldest first; the last one is not over.
    mutating func minutes(now: NIODeadline) -> [Minute] {
        advance(to: Self.number(now))
        return (newest - Int64(Self.length) + 1...newest).map { ring[Self.place($0)] }
    }

    private mutating func advance(to number: Int64) {
        guard number > newest else { return }
        for past in max(newest + 1, number - Int64(Self.length) + 1)...number { ring[Self.place(past)] = Minute() }
        newest = number
    }

    /// The part of `octets` that came until `done` of the time, 1 for all of it.
    private static func share(_ octets: UInt64, _ done: Double) -> UInt64 {
        done >= 1 ? octets : UInt64(Double(octets) * done)
    }

    private static func nanoseconds(_ time: NIODeadline) -> Int64 { Int64(clamping: time.uptimeNanoseconds) }

    private static func number(_ time: NIODeadline) -> Int64 { nanoseconds(time) / minute }

    private static func place(_ number: Int64) -> Int {
        let place = Int(number % Int64(length))
        return place < 0 ? place + length : place
    }
}
