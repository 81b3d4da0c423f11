import NIOCore

/// Which trains a kernel is known to take for a peer. To watch the outcome of a send costs ten allocations, and known trains
/// need it rarely.
///
/// Every train is watched until one of its segment size was taken, then one in ``interval``, and the first after ``longest``.
/// When the path has become narrower, the unwatched trains in between are lost; the consumer asks for them again, but only after
/// ``longest``, so that the train which answers is watched.
struct OffloadTrust {
    /// Trains that go unwatched before one is watched again.
    static let interval = 16
    /// Time in which none is watched; less than it takes anybody to ask again.
    static let longest = TimeAmount.milliseconds(50)

    private var segmentSize = 0
    private var unwatched = 0
    private var watchedAt = NIODeadline.distantPast

    /// Whether a train of segments of this size was taken before.
    func isKnown(_ segmentSize: Int) -> Bool { segmentSize <= self.segmentSize }

    /// Whether the next train is to be watched.
    mutating func mustWatch(_ segmentSize: Int, now: NIODeadline) -> Bool {
        guard isKnown(segmentSize), unwatched < Self.interval, now - watchedAt < Self.longest else {
            unwatched = 0
            watchedAt = now
            return true
        }
        unwatched += 1
        return false
    }

    /// A train that was watched has been taken.
    mutating func taken(_ segmentSize: Int) {
        self.segmentSize = max(self.segmentSize, segmentSize)
    }

    /// Nothing is known any more: there is another socket, or a train was refused.
    mutating func reset() {
        self = OffloadTrust()
    }
}
