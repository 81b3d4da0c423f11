import NIOCore

/// Readers who wait until there is memory for them: first come, first served.
struct Admission: Sendable {
    /// A reader, and what it asks for.
    struct Request: Sendable {
        var reader: FetchReader
        let blob: Name
        let range: BlobRange
        /// What the blob is believed to have.
        let hint: UInt64?
        let deadline: NIODeadline
        /// It fails when it has not been let in by then.
        let until: NIODeadline
    }

    /// What a blob in flight costs at the least, however small its share of the budget is: a slab that is being filled and one
    /// that goes out.
    static let least = 256 << 10
    /// What a reader who has taken octets and not come back holds beside them: they wait in the buffer of its connection.
    static let outside = 256 << 10
    /// How often it is looked whether there is room: readers do not tell when a connection has taken their octets.
    private static let interval = TimeAmount.milliseconds(100)

    private(set) var waiting: [Request] = []

    /// When to look again.
    func deadline(now: NIODeadline) -> NIODeadline? { waiting.isEmpty ? nil : now + Self.interval }

    mutating func add(_ request: Request) { waiting.append(request) }

    /// Takes note of where those who wait are.
    mutating func note(_ progress: (FetchReader.ID, _ isAwaited: Bool) -> FetchReader.Progress) {
        for index in waiting.indices { waiting[index].reader.note(progress(waiting[index].reader.id, false)) }
    }

    /// Those who are gone, and those who have waited too long.
    mutating func takeOver(now: NIODeadline) -> [Request] {
        guard !waiting.isEmpty else { return [] }
        let over = waiting.filter { $0.reader.progress.isGone || now >= $0.until }
        waiting.removeAll { $0.reader.progress.isGone || now >= $0.until }
        return over
    }

    /// The next one to be let in.
    mutating func take() -> Request? { waiting.isEmpty ? nil : waiting.removeFirst() }
}
