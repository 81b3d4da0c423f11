internal import NDN
internal import NIOCore

/// Which connections are open, and which of them makes room for a new one. Logic only.
///
/// One host holds at most half of all, and the connection that has waited longest for a request gives way to a new one: so neither
/// connections that never say anything nor a busy host keep others out.
struct ConnectionTable<Connection> {
    /// The peers that count as one.
    enum Host: Hashable {
        /// This machine, whichever of its loopback addresses is used.
        case loopback
        /// An IPv4 address, or the 8 bytes of an IPv6 address that a network gives to one machine.
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
        /// It is served, and another one is to be closed.
        case instead(Int, of: Connection)
        /// All connections that it might have replaced are being served: its client is told so.
        case refused(Int)
        /// It is closed without a word: enough clients are being told already.
        case closed
    }

    private struct Entry {
        let id: Int
        let connection: Connection
        /// The number of its host.
        let host: Int
    }

    private struct Crowd {
        let host: Host
        var count = 0
    }

    /// Connections that may be refused in words at a time.
    static var refusals: Int { 32 }
    /// When the table was not full for so long, the next time that it is full is worth a line in the log again.
    private static var episode: TimeAmount { .minutes(1) }

    let limit: Int
    private let share: Int
    /// The connections that have a seat, each at the remainder of its id by `limit`.
    private var entries: ContiguousArray<Entry?>
    private var free: [Int]
    /// The places of the connections that wait for the head of a request, in a list for each host's number.
    private var waiting = AgeLists()
    private var crowds: ContiguousArray<Crowd?>
    private var numbers: [Host: Int] = [:]
    private var freeNumbers: [Int]
    /// The numbers of the hosts that have so many connections.
    private var hosts: ContiguousArray<Set<Int>>
    private var largest = 0
    private var refused: Set<Int> = []
    private var generation = 0
    private var nextRefused = 0
    private var quietUntil = NIODeadline.distantPast

    init(limit: Int) {
        self.limit = max(1, limit)
        share = max(1, limit / 2)
        entries = ContiguousArray(repeating: nil, count: self.limit)
        free = Array((0..<self.limit).reversed())
        crowds = ContiguousArray(repeating: nil, count: self.limit)
        freeNumbers = free
        hosts = ContiguousArray(repeating: [], count: share + 1)
    }

    /// A connection comes. `isNews` is true when the table is full and was not lately, which is worth a line in the log.
    mutating func enter(
        _ connection: Connection, from host: Host, now: NIODeadline
    ) -> (verdict: Verdict, isNews: Bool) {
        let number = numbers[host]
        let isCrowded = number.flatMap { crowds[$0] }.map { $0.count >= share } ?? false
        guard isCrowded || free.isEmpty else { return (.served(add(connection, host)), false) }
        defer { quietUntil = now + Self.episode }
        let isNews = now >= quietUntil
        let crowd = isCrowded ? number : hosts[largest].first
        if let victim = crowd.flatMap({ waiting.oldest(of: $0) }), let entry = remove(at: victim) {
            return (.instead(add(connection, host), of: entry.connection), isNews)
        }
        guard refused.count < Self.refusals else { return (.closed, isNews) }
        nextRefused -= 1
        refused.insert(nextRefused)
        return (.refused(nextRefused), isNews)
    }

    /// A connection waits for a request, from now on.
    mutating func waits(_ id: Int) {
        guard let (place, entry) = entry(id) else { return }
        waiting.remove(place)
        waiting.append(place, to: entry.host)
    }

    /// The head of a request has come.
    mutating func works(_ id: Int) {
        if let (place, _) = entry(id) { waiting.remove(place) }
    }

    mutating func leave(_ id: Int) {
        if refused.remove(id) == nil, let (place, _) = entry(id) { _ = remove(at: place) }
    }

    /// The entry of a connection; nil for one that has lost its seat.
    private func entry(_ id: Int) -> (place: Int, entry: Entry)? {
        guard id >= 0, let entry = entries[id % limit], entry.id == id else { return nil }
        return (id % limit, entry)
    }

    private mutating func add(_ connection: Connection, _ host: Host) -> Int {
        let place = free.removeLast()
        let number = numbers[host] ?? freeNumbers.removeLast()
        if numbers[host] == nil {
            numbers[host] = number
            crowds[number] = Crowd(host: host)
        }
        generation += 1
        let id = generation * limit + place
        entries[place] = Entry(id: id, connection: connection, host: number)
        waiting.append(place, to: number)
        change(number, by: 1)
        return id
    }

    private mutating func remove(at place: Int) -> Entry? {
        guard let entry = entries[place] else { return nil }
        entries[place] = nil
        free.append(place)
        waiting.remove(place)
        change(entry.host, by: -1)
        return entry
    }

    /// A host has one connection more or less.
    private mutating func change(_ number: Int, by difference: Int) {
        guard var crowd = crowds[number] else { return }
        hosts[crowd.count].remove(number)
        crowd.count += difference
        crowds[number] = crowd
        if crowd.count == 0 {
            crowds[number] = nil
            numbers[crowd.host] = nil
            freeNumbers.append(number)
        } else {
            hosts[crowd.count].insert(number)
        }
        largest = max(largest, crowd.count)
        if hosts[largest].isEmpty { largest = max(0, largest - 1) }
    }
}
