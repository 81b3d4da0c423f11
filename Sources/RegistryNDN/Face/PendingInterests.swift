import HeapModule
package import NIOCore

/// Interests that wait for their Data: by name for the packets that come, by deadline for those that do not.
///
/// A pure structure: the owner passes `now` in and keeps one timer, for `earliestDeadline`.
package struct PendingInterests<Waiter> {
    /// Names one pending Interest of this table.
    package struct ID: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// One pending Interest.
    package struct Entry {
        package let name: Name
        package let canBePrefix: Bool
        /// The nonce of the last transmission: a Nack with another one is stale (docs/protocol.md 7.4).
        package var nonce: UInt32
        package var deadline: NIODeadline
        package var waiter: Waiter
    }

    private struct Deadline: Comparable {
        let time: NIODeadline
        let id: ID

        static func < (left: Deadline, right: Deadline) -> Bool {
            (left.time, left.id.number) < (right.time, right.id.number)
        }
    }

    private var entries: [ID: Entry] = [:]
    private var byName: [Name: [ID]] = [:]
    /// How many CanBePrefix Interests there are of each length, so that Data asks for those lengths only.
    private var prefixLengths: [Int: Int] = [:]
    /// Interests that end in an implicit digest: only with some is the digest of Data computed.
    private var digestCount = 0
    /// Deadlines, of which those of ended or prolonged Interests are skipped when they come up.
    private var deadlines = Heap<Deadline>()
    private var nextNumber: UInt64 = 0

    package init() {}

    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }

    /// Adds an Interest that waits until `deadline`.
    @discardableResult
    package mutating func insert(
        name: Name, canBePrefix: Bool, nonce: UInt32, deadline: NIODeadline, waiter: Waiter
    ) -> ID {
        let id = ID(number: nextNumber)
        nextNumber &+= 1
        let name = name.owned()
        entries[id] = Entry(name: name, canBePrefix: canBePrefix, nonce: nonce, deadline: deadline, waiter: waiter)
        byName[name, default: []].append(id)
        if canBePrefix { prefixLengths[name.count, default: 0] += 1 }
        if name.endsInDigest { digestCount += 1 }
        deadlines.insert(Deadline(time: deadline, id: id))
        return id
    }

    /// Ends an Interest; nil when it has ended already.
    @discardableResult
    package mutating func remove(_ id: ID) -> Entry? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        if let ids = byName[entry.name] {
            let rest = ids.filter { $0 != id }
            byName[entry.name] = rest.isEmpty ? nil : rest
        }
        if entry.canBePrefix, let count = prefixLengths[entry.name.count] {
            prefixLengths[entry.name.count] = count > 1 ? count - 1 : nil
        }
        if entry.name.endsInDigest { digestCount -= 1 }
        if entries.isEmpty { deadlines = Heap() }
        return entry
    }

    /// Ends and returns the Interests that a Data with this name satisfies (docs/protocol.md 4.2).
    ///
    /// - Parameter implicitDigest: of the whole Data; asked for only when some Interest names one.
    package mutating func satisfy(_ name: Name, implicitDigest: () -> NameComponent?) -> [Entry] {
        guard !entries.isEmpty else { return [] }
        var found = byName[name] ?? []
        for length in prefixLengths.keys where length < name.count {
            for id in byName[name.prefix(length)] ?? [] where entries[id]?.canBePrefix == true {
                found.append(id)
            }
        }
        if digestCount > 0, let digest = implicitDigest() {
            found += byName[name.appending(digest)] ?? []
        }
        return found.compactMap { remove($0) }
    }

    /// Ends and returns the Interest a Nack answers: the same name and the nonce of its last transmission.
    package mutating func reject(_ name: Name, nonce: UInt32) -> Entry? {
        guard let id = byName[name]?.first(where: { entries[$0]?.nonce == nonce }) else { return nil }
        return remove(id)
    }

    /// When `expire` has something to do; may be earlier than any Interest's deadline, never later.
    package var earliestDeadline: NIODeadline? { deadlines.min?.time }

    /// Ends and returns the Interests whose deadline has come.
    package mutating func expire(now: NIODeadline) -> [Entry] {
        var expired: [Entry] = []
        while let next = deadlines.min, next.time <= now {
            deadlines.removeMin()
            if let entry = entries[next.id], entry.deadline == next.time, let entry = remove(next.id) {
                expired.append(entry)
            }
        }
        return expired
    }

    /// Ends and returns all.
    package mutating func removeAll() -> [Entry] {
        let all = entries.sorted { $0.key.number < $1.key.number }.map(\.value)
        let number = nextNumber
        self = PendingInterests()
        nextNumber = number
        return all
    }
}

extension Name {
    fileprivate var endsInDigest: Bool { last?.type == NameComponent.implicitDigestType }
}
