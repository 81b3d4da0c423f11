internal import NDN
internal import NIOCore

/// The PIT: pending Interests by name and selectors, bounded in number.
///
/// Entries live in slots that are used again together with their arrays, so that in steady state an Interest costs one
/// allocation: the copy of its name.
struct PendingInterestTable {
    private var entries: ContiguousArray<PITEntry> = []
    private var free: [Int] = []
    private var slots: [PITKey: Int] = [:]
    private var wheel = TimingWheel()
    /// All entries, and those that each host began.
    private var ages = AgeLists()
    private var agesOfHosts = AgeLists()
    /// Entries with CanBePrefix by number of components, so that a Data tries only the lengths that exist.
    private var prefixLengths: [Int: Int] = [:]
    /// Entries whose name ends in an implicit digest: only then a Data's own is computed.
    private var digests = 0
    let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { slots.count }
    var isFull: Bool { count >= capacity }
    /// When `nextExpired` may have something.
    var deadline: NIODeadline? { wheel.deadline }

    subscript(slot: Int) -> PITEntry {
        _read { yield entries[slot] }
        _modify { yield &entries[slot] }
    }

    func slot(for key: PITKey) -> Int? { slots[key] }

    /// The entry that has waited longest, of all or of those that a host began.
    func oldest(of host: Int? = nil) -> Int? {
        host.map { agesOfHosts.oldest(of: $0) } ?? ages.oldest(of: 0)
    }

    /// A new entry, begun by a host; its name is copied out of the receive buffer.
    mutating func insert(_ key: PITKey, from host: Int) -> Int {
        let key = PITKey(name: key.name.owned(), canBePrefix: key.canBePrefix, mustBeFresh: key.mustBeFresh)
        let slot: Int
        if let used = free.popLast() {
            slot = used
            entries[slot].key = key
        } else {
            slot = entries.count
            entries.append(PITEntry(key: key))
        }
        slots[key] = slot
        ages.append(slot, to: 0)
        agesOfHosts.append(slot, to: host)
        if key.canBePrefix { prefixLengths[key.name.count, default: 0] += 1 }
        if key.name.implicitDigest != nil { digests += 1 }
        return slot
    }

    mutating func remove(_ slot: Int) {
        let key = entries[slot].key
        slots[key] = nil
        wheel.cancel(slot)
        ages.remove(slot)
        agesOfHosts.remove(slot)
        free.append(slot)
        entries[slot].inRecords.removeAll(keepingCapacity: true)
        entries[slot].outRecords.removeAll(keepingCapacity: true)
        entries[slot].suppression = .nanoseconds(0)
        if key.canBePrefix {
            let length = key.name.count
            prefixLengths[length] = prefixLengths[length].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
        if key.name.implicitDigest != nil { digests -= 1 }
    }

    /// The entry's records have changed: its time may have too.
    mutating func schedule(_ slot: Int, now: NIODeadline) {
        wheel.schedule(slot, at: entries[slot].expiry, now: now)
    }

    /// An entry that nobody waits for any more; the caller removes it.
    mutating func nextExpired(now: NIODeadline) -> Int? {
        while let slot = wheel.next(now: now) {
            if entries[slot].expiry <= now { return slot }
            schedule(slot, now: now)
        }
        return nil
    }

    /// All entries that a Data satisfies, appended to `found`: by exact name; by prefix and by implicit digest only while
    /// such entries exist.
    func findMatches(_ data: DataPacket, into found: inout [Int]) {
        let name = data.name
        append(name, canBePrefix: false, to: &found)
        if digests > 0 {
            let full = name.appending(.implicitDigest(data.implicitDigest))
            append(full, canBePrefix: false, to: &found)
            append(full, canBePrefix: true, to: &found)
        }
        guard !prefixLengths.isEmpty else { return }
        let count = name.count
        for length in prefixLengths.keys where length <= count {
            append(name.prefix(length), canBePrefix: true, to: &found)
        }
    }

    private func append(_ name: Name, canBePrefix: Bool, to found: inout [Int]) {
        for mustBeFresh in [false, true] {
            let key = PITKey(name: name, canBePrefix: canBePrefix, mustBeFresh: mustBeFresh)
            if let slot = slots[key] { found.append(slot) }
        }
    }
}
