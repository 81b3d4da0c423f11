import NIOCore

/// Segments that the path cannot give.
struct Holes: Sendable {
    /// More than this at once are no accident: the whole rest had better come from elsewhere.
    static let maximumOpen = 64
    /// So are more than this in all, and one for so many segments that came as they should.
    static let maximumTotal = 64
    static let good: UInt64 = 32
    /// Interests for one segment, the first of which a cache answered with a faulty one, until silence says that nobody
    /// else has it; fewer may just have been lost.
    static let patience: UInt8 = 4

    /// Not yet filled.
    var open = 0
    var total = 0
    /// Not yet handed to the owner, in ascending order.
    private(set) var waiting: [UInt64] = []
    /// What was wrong last.
    var fault: FetchError?

    mutating func add(_ segment: UInt64) {
        open += 1
        total += 1
        waiting.insert(segment, at: waiting.firstIndex { $0 > segment } ?? waiting.endIndex)
    }

    /// The first one that waits, and its neighbours.
    mutating func take() -> Range<UInt64>? {
        guard let first = waiting.first else { return nil }
        let count = waiting.indices.prefix { waiting[$0] - first == UInt64($0) }.count
        waiting.removeFirst(count)
        return first..<first + UInt64(count)
    }
}

extension SegmentFetch {
    /// Data of a segment that is asked for is faulty: it is asked for once more, past the caches; then it is a hole.
    mutating func refuse(_ index: Int, _ error: FetchError, _ path: inout FetchPath) {
        statistics.faults += 1
        holes.fault = error
        // More likely the guess is wrong than the segment.
        if isGuessing, segment(at: index) != 0 { return dropGuess(&path) }
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
        // Whoever filled the caches with the first one will have filled them with others.
        if confirmedGeometry == nil { mustBeFresh = true }
        refuse(index, error, &path)
    }

    /// All transmissions of a segment are used up.
    mutating func exhausted(_ index: Int, _ path: inout FetchPath, now: NIODeadline) {
        if isGuessing, segment(at: index) != 0 { return dropGuess(&path) }
        let isAlive = now - timers.progress < .seconds(1)
        if !(isAlive && makeHole(index, &path)) { fail(confirmedGeometry == nil ? .noSize : .stalled) }
    }

    /// - Returns: whether the owner can fill another hole.
    @discardableResult
    mutating func makeHole(_ index: Int, _ path: inout FetchPath) -> Bool {
        let good = Int(clamping: statistics.segments / Holes.good)
        guard canRepair, confirmedGeometry != nil, holes.open < Holes.maximumOpen,
            holes.total < Holes.maximumTotal + good
        else { return false }
        if ring[index].state == .inFlight { path.forget(1) }
        ring.makeHole(index)
        holes.add(segment(at: index))
        return true
    }

    /// Neighbouring segments that the owner has to get from elsewhere, and give to ``fill(_:length:_:now:)`` each.
    package mutating func nextHoles() -> Range<UInt64>? {
        holes.take()
    }

    /// The owner cannot get them: what was wrong with them ends the fetch.
    mutating func leaveHoles() {
        fail(holes.fault ?? .stalled)
    }

    /// The octets of a hole are here.
    ///
    /// - Returns: whether they are wanted and as many as they should be; a wrong number ends the fetch.
    mutating func fill(_ segment: UInt64, length: Int, _ path: inout FetchPath, now: NIODeadline) -> Bool {
        guard failure == nil, let geometry, segment >= base, segment <= geometry.final else { return false }
        let index = index(of: segment)
        guard ring[index].state == .hole else { return false }
        guard length > 0, (try? check(segment, length: length, geometry)) != nil else {
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
