internal import NDN
internal import NIOCore

/// Data packets kept to answer Interests from, limited in octets: what was not used for longest goes first.
///
/// "Used" is taken roughly: a packet moves to the young end only in the last quarter of its way to the old one. Clients that
/// fetch one blob shortly after one another are why: what all of them have had is of no more use, and what only the first
/// has had is what the others want next. Exact order would keep the former and drop the latter. When there is no room for
/// all that lies between the first and the last of them, `ReadingOrder` says what is wanted last: with the oldest going
/// first, whoever is just too far behind would find nothing at all.
///
/// Each packet is a copy: a receive buffer of 64 KiB must not stay for one packet of it. Exact names are hashed; the ordered
/// index serves CanBePrefix.
struct ContentStore {
    private struct Entry {
        let key: HashedName
        var data: DataPacket
        var staleAt: NIODeadline
        var size: Int
        var older: Int = none
        var newer: Int = none
        /// The value of `linked` when the packet came to the young end.
        var position: UInt64 = 0
    }

    private static let none = -1
    /// What an entry costs beside the packet: its records here, in the hash table and in the index.
    private static let overhead = 384
    /// Candidates looked at for one CanBePrefix Interest: a pile of stale packets must not hold up the forwarder.
    private static let prefixScan = 128

    /// The oldest packets looked at for one that nobody is about to ask for, such as a blob's final segment, asked for early.
    private static let oldestScan = 8

    private let capacity: Int
    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var slots: [HashedName: Int] = [:]
    private var index = NameIndex()
    private var reading = ReadingOrder()
    private var newest = none
    private var oldest = none
    /// Octets of memory in use.
    private(set) var octets = 0
    /// Octets that ever came to the young end.
    private var linked: UInt64 = 0
    private(set) var hits: UInt64 = 0
    private(set) var misses: UInt64 = 0
    /// Packets that left to make room for others.
    private(set) var evictions: UInt64 = 0

    /// - Parameter capacity: Octets of memory; 0 keeps nothing.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Packets kept.
    var count: Int { slots.count }

    /// Keeps a copy of a packet, in place of one of the same name.
    mutating func insert(_ data: DataPacket, now: NIODeadline) {
        let size = Self.memory(of: data.wire)
        guard size <= capacity else { return }
        let key = HashedName(data.name)
        if let slot = slots[key] {
            // The same octets again, as after a retransmission: only the time they were heard changes.
            guard entries[slot]?.data.wire != data.wire else {
                entries[slot]?.staleAt = Self.staleTime(of: data, now: now)
                if isAging(slot) { renew(slot) }
                return
            }
            remove(slot)
        }
        guard makeRoom(for: data.name, size, now: now) else { return }
        let owned = data.owned()
        let entry = Entry(
            key: HashedName(key, in: owned.name), data: owned, staleAt: Self.staleTime(of: data, now: now), size: size)
        let slot = free.popLast() ?? entries.count
        if slot == entries.count { entries.append(entry) } else { entries[slot] = entry }
        slots[entry.key] = slot
        index.insert(owned.name, slot: slot)
        octets += size
        link(slot)
    }

    /// A face asks for a packet, whether it is here or not.
    mutating func note(_ name: Name, from face: UInt64, now: NIODeadline) {
        reading.note(name, from: face, now: now)
    }

    /// Drops what is of least use; false when that is the new packet.
    private mutating func makeRoom(for name: Name, _ size: Int, now: NIODeadline) -> Bool {
        while octets + size > capacity {
            guard let slot = leastUseful(beside: name, now: now) else { return false }
            evictions &+= 1
            remove(slot)
        }
        return true
    }

    /// What was not used for longest, unless somebody is about to ask for it; nil for the new packet.
    private mutating func leastUseful(beside new: Name, now: NIODeadline) -> Int? {
        var next = oldest
        for _ in 0..<Self.oldestScan {
            guard next != Self.none, let entry = entries[next] else { break }
            guard reading.isAwaited(entry.key.name, now: now) else { return next }
            next = entry.newer
        }
        guard oldest != Self.none, let name = entries[oldest]?.key.name else { return nil }
        switch reading.lastAwaited(of: name, beside: new, now: now, isKept: { slots[HashedName($0)] != nil }) {
        case .kept(let name): return slots[HashedName(name)]
        case .new: return nil
        case .unknown: return oldest
        }
    }

    /// The packet that answers an Interest, if one is kept (docs/protocol.md 4.2).
    mutating func find(_ interest: Interest, now: NIODeadline) -> DataPacket? {
        guard let slot = slot(for: interest, now: now) else {
            misses += 1
            return nil
        }
        hits += 1
        if isAging(slot), !reading.isDone(interest.name, now: now) { renew(slot) }
        return entries[slot]?.data
    }

    private func slot(for interest: Interest, now: NIODeadline) -> Int? {
        guard !slots.isEmpty else { return nil }
        let name = interest.name
        let mustBeFresh = interest.mustBeFresh
        if let slot = slots[HashedName(name)], isUsable(slot, mustBeFresh, now) { return slot }
        if let slot = slotByDigest(name), isUsable(slot, mustBeFresh, now) { return slot }
        guard interest.canBePrefix else { return nil }
        return index.first(under: name, limit: Self.prefixScan) { isUsable($0, mustBeFresh, now) }
    }

    /// The packet whose full name, implicit digest included, is `name`.
    private func slotByDigest(_ name: Name) -> Int? {
        guard let digest = name.implicitDigest, let slot = slots[HashedName(name.dropLast())],
            let data = entries[slot]?.data, digest == data.implicitDigest
        else { return nil }
        return slot
    }

    private func isUsable(_ slot: Int, _ mustBeFresh: Bool, _ now: NIODeadline) -> Bool {
        guard mustBeFresh else { return true }
        return entries[slot].map { now < $0.staleAt } ?? false
    }

    private mutating func remove(_ slot: Int) {
        guard let entry = entries[slot] else { return }
        unlink(slot)
        entries[slot] = nil
        free.append(slot)
        slots[entry.key] = nil
        index.remove(entry.key.name)
        octets -= entry.size
    }

    /// Whether a packet is in the last quarter of its way to the old end.
    private func isAging(_ slot: Int) -> Bool {
        entries[slot].map { linked &- $0.position > UInt64(capacity / 4 * 3) } ?? false
    }

    private mutating func renew(_ slot: Int) {
        unlink(slot)
        link(slot)
    }

    private mutating func link(_ slot: Int) {
        linked &+= UInt64(entries[slot]?.size ?? 0)
        entries[slot]?.position = linked
        entries[slot]?.older = newest
        entries[slot]?.newer = Self.none
        if newest != Self.none { entries[newest]?.newer = slot } else { oldest = slot }
        newest = slot
    }

    private mutating func unlink(_ slot: Int) {
        guard let entry = entries[slot] else { return }
        if entry.newer != Self.none { entries[entry.newer]?.older = entry.older } else { newest = entry.older }
        if entry.older != Self.none { entries[entry.older]?.newer = entry.newer } else { oldest = entry.newer }
    }

    /// What keeping a copy costs: ByteBuffer allocates powers of two.
    private static func memory(of wire: ByteBuffer) -> Int {
        var size = 1
        while size < wire.readableBytes { size <<= 1 }
        return size + overhead
    }

    /// A FreshnessPeriod of millions of years must not overflow.
    private static func staleTime(of data: DataPacket, now: NIODeadline) -> NIODeadline {
        now + .milliseconds(Int64(clamping: min(data.freshnessMilliseconds, 1 << 40)))
    }
}
