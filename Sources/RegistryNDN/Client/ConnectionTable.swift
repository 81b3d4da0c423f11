internal import NIOCore

/// Which connections are open, and which of them makes room for a new one: pure.
///
/// One host holds at most half of all, and who waits longest for a request gives way to who comes: so neither connections
/// that never say anything nor a busy host keep others out.
struct ConnectionTable<Connection> {
    /// The peers that count as one.
    enum Host: Hashable {
        /// This machine, whichever of its loopback addresses is used.
        case loopback
        /// An IPv4 address, or the 8 octets of an IPv6 address that a network gives to one machine.
        case address([UInt8])

        init(_ address: SocketAddress?) {
            guard let address, !address.isLoopback else {
                self = .loopback
                return
            }
            self = .address(Array(address.addressOctets.prefix(8)))
        }
    }

    /// What becomes of a connection.
    enum Verdict {
        /// It is served.
        case served(Int)
        /// It is served, and this one is to be closed.
        case instead(Int, of: Connection)
        /// All that it might have replaced are being served: it is told so.
        case refused(Int)
        /// Enough are being told so.
        case closed
    }

    private struct Entry {
        let connection: Connection
        let host: Host
        /// Since when it waits for the head of a request; nil while one is served.
        var waitingSince: NIODeadline?
    }

    /// Connections that may be refused in words at a time.
    static var refusals: Int { 32 }
    /// Without anything given up for so long, the next time is worth a line again.
    private static var episode: TimeAmount { .minutes(1) }

    let limit: Int
    private let share: Int
    private var entries: [Int: Entry] = [:]
    private var counts: [Host: Int] = [:]
    private var refused: Set<Int> = []
    private var next = 0
    private var quietUntil = NIODeadline.distantPast

    init(limit: Int) {
        self.limit = limit
        share = max(1, limit / 2)
    }

    /// A connection comes. `isNews` when the table was not full lately: worth a line in the log.
    mutating func enter(
        _ connection: Connection, from host: Host, now: NIODeadline
    ) -> (verdict: Verdict, isNews: Bool) {
        let isCrowded = counts[host, default: 0] >= share
        guard isCrowded || entries.count >= limit else { return (.served(add(connection, host, now)), false) }
        defer { quietUntil = now + Self.episode }
        let isNews = now >= quietUntil
        let largest = isCrowded ? host : counts.max { $0.value < $1.value }?.key
        if let victim = longestWaiting(of: largest), let entry = remove(victim) {
            return (.instead(add(connection, host, now), of: entry.connection), isNews)
        }
        guard refused.count < Self.refusals else { return (.closed, isNews) }
        next += 1
        refused.insert(next)
        return (.refused(next), isNews)
    }

    /// A connection waits for a request.
    mutating func waits(_ id: Int, now: NIODeadline) {
        entries[id]?.waitingSince = now
    }

    /// The head of a request has come.
    mutating func works(_ id: Int) {
        entries[id]?.waitingSince = nil
    }

    mutating func leave(_ id: Int) {
        if refused.remove(id) == nil { _ = remove(id) }
    }

    private mutating func add(_ connection: Connection, _ host: Host, _ now: NIODeadline) -> Int {
        next += 1
        entries[next] = Entry(connection: connection, host: host, waitingSince: now)
        counts[host, default: 0] += 1
        return next
    }

    private mutating func remove(_ id: Int) -> Entry? {
        guard let entry = entries.removeValue(forKey: id), let count = counts[entry.host] else { return nil }
        counts[entry.host] = count > 1 ? count - 1 : nil
        return entry
    }

    private func longestWaiting(of host: Host?) -> Int? {
        var longest: (id: Int, since: NIODeadline)?
        for (id, entry) in entries where entry.host == host {
            guard let since = entry.waitingSince else { continue }
            if let known = longest, (known.since, known.id) < (since, id) { continue }
            longest = (id, since)
        }
        return longest?.id
    }
}
