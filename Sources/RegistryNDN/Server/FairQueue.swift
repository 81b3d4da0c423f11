import DequeModule

/// Items that wait for their turn: parties take turns, and so do the groups of each party, so that no party waits longer than
/// the number of the others makes necessary, however many items they bring. When the queue is full, the party with the most
/// items loses one.
struct FairQueue<Party: Hashable, Group: Hashable, Item: AnyObject> {
    enum Order {
        /// A full queue refuses the latest.
        case oldestFirst
        /// A full queue forgets the earliest: under overload whoever came long ago has given up.
        case newestFirst
    }

    /// The groups of one party.
    private struct Line {
        var groups: [Group: Deque<Item>] = [:]
        var turns: Deque<Group> = []
        var count = 0
    }

    var order: Order
    let capacity: Int
    private(set) var count = 0
    private var lines: [Party: Line] = [:]
    private var turns: Deque<Party> = []

    init(_ order: Order, capacity: Int) {
        self.order = order
        self.capacity = capacity
    }

    var isEmpty: Bool { count == 0 }
    var items: some Sequence<Item> { lines.values.lazy.flatMap { $0.groups.values.lazy.flatMap(\.self) } }

    /// The item whose turn it is.
    var next: (party: Party, group: Group, item: Item)? {
        guard let party = turns.first, let line = lines[party], let group = line.turns.first,
            let items = line.groups[group],
            let item = order == .oldestFirst ? items.first : items.last
        else { return nil }
        return (party, group, item)
    }

    /// Adds an item; returns the item that had to leave for it.
    mutating func add(_ item: Item, of party: Party, in group: Group) -> Item? {
        let leaving = count < capacity ? nil : dropOne()
        if lines[party] == nil { turns.append(party) }
        var line = lines.removeValue(forKey: party) ?? Line()
        if line.groups[group] == nil { line.turns.append(group) }
        line.groups[group, default: []].append(item)
        line.count += 1
        lines[party] = line
        count += 1
        return leaving
    }

    /// Takes out an item that is there; when it was the turn of its party, the other parties are next.
    mutating func remove(_ item: Item, of party: Party, in group: Group) {
        guard var line = lines.removeValue(forKey: party), var items = line.groups.removeValue(forKey: group),
            let index = order == .oldestFirst
                ? items.firstIndex(where: { $0 === item }) : items.lastIndex(where: { $0 === item })
        else { return }
        let isNext = turns.first == party && line.turns.first == group && isNextOf(items, at: index)
        items.remove(at: index)
        count -= 1
        line.count -= 1
        Self.pass(&line.turns, group, isNext, isOver: items.isEmpty)
        if !items.isEmpty { line.groups[group] = items }
        Self.pass(&turns, party, isNext, isOver: line.count == 0)
        if line.count > 0 { lines[party] = line }
    }

    private func isNextOf(_ items: Deque<Item>, at index: Int) -> Bool {
        index == (order == .oldestFirst ? 0 : items.count - 1)
    }

    /// Goes on to the next turn when it was that of `key`; `isOver` when `key` wants no other.
    private static func pass<Key: Hashable>(_ turns: inout Deque<Key>, _ key: Key, _ wasNext: Bool, isOver: Bool) {
        if wasNext {
            turns.removeFirst()
            if !isOver { turns.append(key) }
        } else if isOver {
            turns.removeAll { $0 == key }
        }
    }

    private mutating func dropOne() -> Item? {
        guard let (party, group, item) = longest else { return nil }
        remove(item, of: party, in: group)
        return item
    }

    /// The item of the longest line that leaves a full queue.
    private var longest: (party: Party, group: Group, item: Item)? {
        guard let (party, line) = lines.max(by: { $0.value.count < $1.value.count }),
            let (group, items) = line.groups.max(by: { $0.value.count < $1.value.count }),
            let item = order == .oldestFirst ? items.last : items.first
        else { return nil }
        return (party, group, item)
    }
}
