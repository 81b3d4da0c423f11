internal import NIOCore
internal import OrderedCollections

/// A bounded set whose elements leave after a while; when it is full, the oldest leaves.
///
/// The client keeps here the digests whose bytes came wrong: Docker resumes at its offset and would keep a bad prefix,
/// so these blobs are read from the upstream, and in full.
struct ExpiringSet<Element: Hashable & Sendable>: Sendable {
    private var deadlines: OrderedDictionary<Element, NIODeadline> = [:]
    private let lifetime: TimeAmount
    private let capacity: Int

    init(lifetime: TimeAmount, capacity: Int) {
        self.lifetime = lifetime
        self.capacity = max(1, capacity)
    }

    var count: Int { deadlines.count }

    /// Adds `element`, or makes it stay for another lifetime.
    mutating func insert(_ element: Element, now: NIODeadline) {
        deadlines.removeValue(forKey: element)
        if deadlines.count == capacity { deadlines.removeFirst() }
        deadlines[element] = now + lifetime
    }

    /// Whether `element` is in; drops what has expired.
    mutating func contains(_ element: Element, now: NIODeadline) -> Bool {
        // All elements stay equally long, so that the first one in is the first one out.
        while let oldest = deadlines.elements.first, oldest.value <= now { deadlines.removeFirst() }
        return deadlines[element] != nil
    }
}
