/// Segments that the path cannot give.
struct Holes: Sendable {
    /// More than this at once are no accident: the whole rest had better come from elsewhere.
    static let maximumOpen = 64
    /// So are more than this in all, and one for so many segments that came as they should.
    private static let maximumTotal = 64
    private static let good: UInt64 = 32
    /// Interests for one segment, the first of which a cache answered with a faulty one, until silence says that nobody
    /// else has it; fewer may just have been lost.
    static let patience: UInt8 = 4

    /// Not yet filled.
    private(set) var open = 0
    private var total = 0
    /// Not yet handed to the owner, in ascending order.
    private(set) var waiting: [UInt64] = []
    /// What was wrong last.
    var fault: FetchError?

    /// Whether there may be another one.
    ///
    /// - Parameter segments: how many the fetch has got so far.
    func hasRoom(after segments: UInt64) -> Bool {
        open < Self.maximumOpen && total < Self.maximumTotal + Int(clamping: segments / Self.good)
    }

    mutating func add(_ segment: UInt64) {
        open += 1
        total += 1
        waiting.insert(segment, at: waiting.firstIndex { $0 > segment } ?? waiting.endIndex)
    }

    /// The octets of one are here.
    mutating func fill() { open -= 1 }

    /// The first one that waits, and its neighbours.
    mutating func take() -> Range<UInt64>? {
        guard let first = waiting.first else { return nil }
        let count = waiting.indices.prefix { waiting[$0] - first == UInt64($0) }.count
        waiting.removeFirst(count)
        return first..<first + UInt64(count)
    }
}
