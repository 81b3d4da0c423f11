import DequeModule

/// Lines of a log that wait to be written, and how many are missing where.
///
/// The pure part of `LogWriter`: whoever logs appends, one thread takes.
struct LogQueue {
    enum Item: Equatable {
        case line([UInt8])
        /// So many lines were dropped at this place.
        case gap(Int)
    }

    /// Bytes of the lines that wait, at most.
    let capacity: Int
    private var items: Deque<Item> = []
    private var waiting = 0
    /// Whether somebody takes items until there are none.
    private var isTaken = false

    init(capacity: Int = 1 << 20) {
        self.capacity = capacity
    }

    /// Keeps a line, or counts it when there is no room. Returns whether the caller has to see to it that items are taken.
    mutating func append(_ line: [UInt8]) -> Bool {
        if hasRoom(for: line) {
            waiting += line.count
            items.append(.line(line))
        } else if case .gap(let count) = items.last {
            items[items.count - 1] = .gap(count + 1)
        } else {
            items.append(.gap(1))
        }
        defer { isTaken = true }
        return !isTaken
    }

    /// Once lines are dropped, they are until half of the room is free: one long gap says more than many short ones.
    private func hasRoom(for line: [UInt8]) -> Bool {
        if case .gap = items.last { return waiting + line.count <= capacity / 2 }
        return waiting + line.count <= capacity
    }

    /// What is to be written next. After nil, `append` asks for somebody again.
    mutating func next() -> Item? {
        guard let item = items.popFirst() else {
            isTaken = false
            return nil
        }
        if case .line(let line) = item { waiting -= line.count }
        return item
    }

    /// An item that was taken could not be written, and nothing is taken until more is appended.
    mutating func failed(_ item: Item) {
        var missing = 1
        if case .gap(let count) = item { missing = count }
        if case .gap(let count) = items.first {
            items[0] = .gap(count + missing)
        } else {
            items.prepend(.gap(missing))
        }
        isTaken = false
    }
}
