import NIOCore

/// Segments that the path cannot give.
struct Holes: Sendable {
    /// More than this at once, or in all, are no accident: the whole rest had better come from elsewhere.
    static let maximumOpen = 16
    static let maximumTotal = 64

    /// Not yet filled.
    var open = 0
    var total = 0
    /// Not yet handed to the owner.
    var waiting: [UInt64] = []
}

extension SegmentFetch {
    /// Data of a segment that is asked for is faulty: it is asked for once more, past the caches; then it is a hole.
    mutating func refuse(_ index: Int, _ error: FetchError, _ path: inout FetchPath) {
        statistics.faults += 1
        guard geometry != nil else { return fail(error) }
        if !ring[index].isFresh {
            ring[index].wantsFresh = true
            if ring[index].state == .inFlight { lose(index, &path) }
        } else if !makeHole(index, &path) {
            fail(error)
        }
    }

    /// Data that the owner found faulty, such as by its signature, before it called
    /// ``receive(_:_:now:capacity:)``.
    mutating func refuse(segment: UInt64, _ error: FetchError, _ path: inout FetchPath) {
        guard failure == nil, let index = awaited(segment) else { return }
        guard geometry == nil, !ring[index].isFresh else { return refuse(index, error, &path) }
        // Nothing is known of the blob yet, but another answer may be genuine.
        statistics.faults += 1
        mustBeFresh = true
        if ring[index].state == .inFlight { lose(index, &path) }
    }

    /// All transmissions of a segment are used up.
    mutating func exhausted(_ index: Int, _ path: inout FetchPath, now: NIODeadline) {
        let isAlive = now - timers.progress < .seconds(1)
        if !(isAlive && makeHole(index, &path)) { fail(.stalled) }
    }

    /// - Returns: whether the owner can fill another hole.
    @discardableResult
    mutating func makeHole(_ index: Int, _ path: inout FetchPath) -> Bool {
        guard canRepair, holes.open < Holes.maximumOpen, holes.total < Holes.maximumTotal else { return false }
        if ring[index].state == .inFlight { path.forget(1) }
        ring.makeHole(index)
        holes.open += 1
        holes.total += 1
        holes.waiting.append(segment(at: index))
        return true
    }

    /// A segment that the owner has to get from elsewhere and give to ``fill(_:length:_:now:)``.
    mutating func nextHole() -> UInt64? {
        holes.waiting.isEmpty ? nil : holes.waiting.removeFirst()
    }

    /// The octets of a hole are here.
    ///
    /// - Returns: whether they are wanted and as many as they should be; a wrong number ends the fetch.
    mutating func fill(_ segment: UInt64, length: Int, _ path: inout FetchPath, now: NIODeadline) -> Bool {
        guard failure == nil, let geometry, segment >= base, segment <= geometry.final else { return false }
        let index = index(of: segment)
        guard ring[index].state == .hole else { return false }
        guard segment == geometry.final ? (1...max(geometry.chunk, 1)).contains(length) : length == geometry.chunk
        else {
            fail(.malformed("segment \(segment) from elsewhere has \(length) octets"))
            return false
        }
        holes.open -= 1
        land(index, segment: segment, &path)
        noteSize(of: segment, length: length)
        statistics.segments += 1
        statistics.repaired += 1
        statistics.octets &+= UInt64(length)
        timers.progress = now
        return true
    }
}
