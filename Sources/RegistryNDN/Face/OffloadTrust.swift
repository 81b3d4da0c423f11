import NIOCore

/// Which trains a kernel is known to take for a peer: what becomes of those need not be watched, which costs ten allocations.
///
/// Every train is watched until one of its segment size was taken, and then one in ``interval``, and the first after
/// ``longest``: a path that has become narrower meanwhile costs those in between, and whoever asked for them asks again. That
/// comes after a pause, so it is watched.
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
