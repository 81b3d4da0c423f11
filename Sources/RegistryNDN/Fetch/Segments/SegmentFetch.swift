package import NIOCore

/// An Interest to be sent for a segment.
package struct SegmentInterest: Sendable, Hashable {
    package internal(set) var segment: UInt64
    package let nonce: UInt32
    package let mustBeFresh: Bool
    package let isRetransmission: Bool
}

/// What a Data packet says beside its name, as far as fetching is concerned.
package struct SegmentData: Sendable {
    var segment: UInt64
    var contentType: UInt64 = 0
    package var length: Int
    /// Segment number in FinalBlockId.
    var final: UInt64?
    var isMarked = false

    package init(
        segment: UInt64, contentType: UInt64 = 0, length: Int, final: UInt64? = nil, isMarked: Bool = false
    ) {
        self.segment = segment
        self.contentType = contentType
        self.length = length
        self.final = final
        self.isMarked = isMarked
    }
}

/// One blob's segments: which to ask for next, which to ask for again, and what the answers say about its size.
///
/// Pure: `now` is a parameter, Interests are pulled with ``nextInterest(_:now:)``, and a terminal error is left in
/// ``failure``. Segments are accepted in any order, each once; bringing them into order is the caller's affair.
///
/// Size discovery (two round trips): segment 0 gives chunk size and final segment; that one is asked for at once, and
/// its length completes the size. The segments in between are fetched meanwhile. The final segment has a slot of its own
/// behind the ring, since it is usually far ahead of the window.
///
/// Where the blob's geometry can be guessed, ``guess(_:capacity:)``, nothing waits for segment 0, and a small blob takes one round
/// trip. Segment 0 confirms the guess; whatever speaks against it before, or segment 0 itself, ends the guess: what has come is
/// forgotten, and the fetch goes on as one that had none.
package struct SegmentFetch: Sendable {
    package static let maximumCapacity = 1 << 14
    /// Slots that a blob has at first.
    private static let firstCapacity = 1 << 7
    static let nackContentType: UInt64 = 3
    /// By a guess the final segment is asked for at once only when it is one of so many: a server reads them in one go from the blob's
    /// begin on, and one that does not know yet which segment is the final one would read as many around another.
    private static let readAtOnce: UInt64 = 512

    /// How long a face may be down before those who have another source than NDN turn to that: a router that is started
    /// again is back sooner, as a rule.
    static let downTimeout = TimeAmount.seconds(1)

    /// Why waiting ends.
    struct Timers: Sendable {
        var started: NIODeadline
        var sizeDeadline: NIODeadline
        var deadline: NIODeadline
        var progressTimeout: TimeAmount
        var silenceTimeout: TimeAmount
        /// New data, or the first Interest after a pause.
        var progress: NIODeadline
        /// Since when nothing that is wanted could be asked for because the face is down.
        var downSince: NIODeadline?
        /// After Nack NoRoute nothing is sent until here.
        var holdUntil: NIODeadline?
        var noRouteSince: NIODeadline?
        /// An application Nack stands for this segment until then.
        var nacked: (segment: UInt64, until: NIODeadline)?
        var lastActivity: NIODeadline
        var probes = 0
    }

    var ring: SegmentRing
    /// Slots for segments before the final one; a power of two, and no more than the blob has needed so far.
    private(set) var capacity: Int
    /// What ``capacity`` may become; a power of two.
    private var fullCapacity: Int
    /// The lowest segment that is not here.
    package private(set) var base: UInt64
    /// The lowest segment never asked for, the final one apart.
    var unsent: UInt64
    /// The reader's demand: segments from here on are not asked for. The final one is exempt.
    var limit: UInt64 = 1
    /// Segments from here on are not wanted at all, the final one included.
    let stop: UInt64
    private(set) var geometry: BlobGeometry?
    /// Nobody has confirmed ``geometry``: segment 0 is not here.
    private(set) var isGuessing = false
    /// What was asked for by a guess that was wrong: segments below a number, and one that was taken for the final one. Data that
    /// answer those Interests may come yet.
    private var askedInVain: (below: UInt64, final: UInt64)?
    /// Octets of the blob, if the final segment is the one that it is taken for.
    private var likelySize: UInt64?
    /// Octets of the blob, once known.
    package var size: UInt64? { isGuessing ? nil : likelySize }
    /// The error that ended the fetch.
    package private(set) var failure: FetchError?
    var timers: Timers
    /// The latest transmission that was answered; earlier ones have been overtaken.
    var latestAnswered: UInt64 = 0
    package var statistics = FetchStatistics()
    let maximumTransmissions: UInt8
    /// Further Interests carry MustBeFresh: a cached Nack is in the way.
    var mustBeFresh = false
    /// Whether the owner can get octets from elsewhere, ``nextHoles()``.
    package var canRepair = false
    var holes = Holes()

    package init(
        configuration: FetchConfiguration, stop: UInt64 = .max, deadline: NIODeadline, now: NIODeadline
    ) {
        ring = SegmentRing(capacity: 2)
        capacity = 1
        fullCapacity = 1
        base = 0
        unsent = 0
        self.stop = stop
        maximumTransmissions = UInt8(clamping: max(configuration.retransmissions, 0) + 1)
        timers = Timers(
            started: now, sizeDeadline: min(now + configuration.sizeTimeout, deadline), deadline: deadline,
            progressTimeout: configuration.progressTimeout, silenceTimeout: configuration.silenceTimeout, progress: now,
            lastActivity: now)
    }

    /// A fetch of a blob whose shape is known, from segment `start` on, and up to but not including `stop`.
    init(
        configuration: FetchConfiguration, geometry: BlobGeometry, size: UInt64, start: UInt64, stop: UInt64 = .max,
        capacity: Int, deadline: NIODeadline, now: NIODeadline
    ) {
        self.init(configuration: configuration, stop: stop, deadline: deadline, now: now)
        base = start
        unsent = start
        limit = start
        likelySize = size
        adopt(geometry, capacity: capacity)
    }

    /// Takes a geometry for the blob's, until segment 0 says what it is. To be called before anything is asked for.
    mutating func guess(_ geometry: BlobGeometry, capacity: Int) {
        // Segment 0 alone is asked for anyhow.
        guard geometry.final > 0 else { return }
        adopt(geometry, capacity: capacity)
        isGuessing = true
    }

    /// Goes on as if there had been no guess. Of what was asked for only segment 0 still is.
    mutating func dropGuess(_ path: inout FetchPath) {
        guard isGuessing, let geometry else { return }
        isGuessing = false
        askedInVain = (unsent, geometry.final)
        path.forget(ring.inFlight - (ring[0].state == .inFlight ? 1 : 0))
        ring = ring.firstAlone()
        self.geometry = nil
        likelySize = nil
        capacity = 1
        fullCapacity = 1
        unsent = min(unsent, 1)
        limit = 1
    }

    /// What segment 0 says of a guess.
    private mutating func judgeGuess(_ data: SegmentData, _ path: inout FetchPath) {
        let isRight =
            data.contentType == 0 && data.length == geometry?.chunk && data.final != nil
            && data.final == geometry?.final
        if isRight { isGuessing = false } else { dropGuess(&path) }
    }

    /// What Data have said of how the blob is cut.
    var confirmedGeometry: BlobGeometry? { isGuessing ? nil : geometry }

    package var isComplete: Bool {
        guard let geometry else { return false }
        return base > geometry.final || base >= stop
    }
    package var isOver: Bool { isComplete || failure != nil }
    /// Segments asked for that are not here.
    var outstanding: Int { ring.inFlight + ring.lost }

    /// Sets the ring's bounds, once, when nothing is in flight.
    private mutating func adopt(_ geometry: BlobGeometry, capacity wanted: Int) {
        self.geometry = geometry
        let most = min(UInt64(Self.maximumCapacity), UInt64(max(wanted, 1)), max(geometry.final, 1))
        fullCapacity = 1
        while fullCapacity < most { fullCapacity *= 2 }
        capacity = min(fullCapacity, Self.firstCapacity)
        ring = SegmentRing(capacity: capacity + 1)
    }

    /// Makes sure that a segment below ``sequentialEnd`` has a slot.
    private mutating func makeRoom(for segment: UInt64) {
        var needed = capacity
        while needed < fullCapacity, segment &- base >= UInt64(needed) { needed *= 2 }
        guard needed > capacity else { return }
        let old = self
        capacity = needed
        ring.grow(to: needed + 1) { [self] in index(of: old.segment(at: $0)) }
    }

    func index(of segment: UInt64) -> Int {
        segment == geometry?.final ? capacity : Int(truncatingIfNeeded: segment & UInt64(capacity - 1))
    }

    func segment(at index: Int) -> UInt64 {
        if index == capacity, let geometry { return geometry.final }
        let mask = UInt64(capacity - 1)
        return base &+ ((UInt64(index) &- base) & mask)
    }

    /// End of the segments that may be asked for in sequence: the final one, the demand, the ring.
    var sequentialEnd: UInt64 {
        guard let geometry else { return 1 }
        return min(geometry.final, limit, stop, base &+ UInt64(fullCapacity))
    }

    /// The first segments have not been asked for.
    var isBeginning: Bool {
        guard failure == nil else { return false }
        guard let geometry else { return true }
        return wantsFinal || unsent < min(4, geometry.final, stop)
    }

    /// One of them may be asked for now.
    var isUrgent: Bool {
        guard geometry != nil else { return ring.inFlight == 0 }
        return wantsFinal || unsent < min(4, sequentialEnd)
    }

    /// The final segment has not been asked for.
    var wantsFinal: Bool {
        guard let geometry, !isGuessing || unsent > 0 && geometry.final < Self.readAtOnce else { return false }
        return geometry.final >= base && geometry.final < stop && ring[capacity].state == .unsent
    }

    /// Few segments are left to be asked for.
    var isSmall: Bool {
        guard let geometry else { return true }
        return geometry.final &- unsent <= 64
    }

    /// The reader's demand is all that keeps Interests back.
    var isHeldByDemand: Bool {
        guard let geometry, failure == nil else { return false }
        return unsent >= limit && unsent < min(geometry.final, stop)
    }

    /// The segment behind the last one that is wanted, as far as is known.
    var end: UInt64 { min(stop, geometry.map { $0.final + 1 } ?? .max) }

    /// Of several that ask for segments of one blob, the one with the smallest comes first.
    var turnOrder: (end: UInt64, begin: UInt64) { (end, unsent) }

    /// There is more to be asked for in sequence.
    var isAsking: Bool { failure == nil && unsent < sequentialEnd }

    /// The final segment is here already, from a fetch before this one.
    mutating func skipFinal() {
        guard let final = geometry?.final else { return }
        ring.receive(capacity)
        if base == final { base += 1 }
    }

    /// The reader allows segments below `segment`; never more than the ring may hold beyond ``base`` are asked for.
    package mutating func raiseLimit(to segment: UInt64) {
        limit = max(limit, segment)
    }

    /// The reader allows no segments from `segment` on, as far as they have not been asked for.
    mutating func lowerLimit(to segment: UInt64) {
        limit = max(unsent, min(limit, segment))
    }

    mutating func fail(_ error: FetchError) {
        if failure == nil { failure = error }
    }

    // MARK: Sending

    /// The next Interest to send, retransmissions first; nil when there is none for now.
    mutating func nextInterest(_ path: inout FetchPath, now: NIODeadline) -> SegmentInterest? {
        guard failure == nil else { return nil }
        if let hold = timers.holdUntil {
            guard now >= hold else { return nil }
            timers.holdUntil = nil
        }
        if let index = ring.firstLost, now >= readyAgain(index, path, now: now) {
            return send(index, &path, now: now)
        }
        if wantsFinal { return send(capacity, &path, now: now) }
        guard unsent < sequentialEnd else { return nil }
        makeRoom(for: unsent)
        defer { unsent += 1 }
        return send(index(of: unsent), &path, now: now)
    }

    /// When the lost segment in slot `index` may be sent again.
    func readyAgain(_ index: Int, _ path: borrowing FetchPath, now: NIODeadline) -> NIODeadline {
        ring[index].sent.sentAt + path.suppression.delay(transmissions: ring[index].transmissions, now: now)
    }

    private mutating func send(_ index: Int, _ path: inout FetchPath, now: NIODeadline) -> SegmentInterest? {
        guard ring[index].transmissions < maximumTransmissions else {
            exhausted(index, &path, now: now)
            return nil
        }
        if ring.inFlight == 0 && ring.lost == 0 && holes.open == 0 { timers.progress = now }
        let again = ring[index].transmissions > 0
        let fresh = mustBeFresh || ring[index].wantsFresh
        ring[index].transmissions += 1
        ring[index].sent = path.transmit(now: now)
        if !again { ring[index].firstSentAt = now }
        if ring[index].transmissions == 2 { path.suppression.repeated(after: ring[index].gap, now: now) }
        ring[index].isFresh = fresh
        ring.send(index)
        timers.lastActivity = now
        statistics.interests += 1
        if again { statistics.retransmissions += 1 }
        return SegmentInterest(
            segment: segment(at: index), nonce: path.nonce(ring[index].sent.sequence), mustBeFresh: fresh,
            isRetransmission: again)
    }

    // MARK: Receiving

    /// Data arrived.
    ///
    /// - Parameter capacity: segments the ring should hold, asked for once, with the chunk size.
    /// - Returns: whether the segment is new and its payload belongs to the blob.
    mutating func receive(
        _ data: SegmentData, _ path: inout FetchPath, now: NIODeadline, capacity wanted: (_ chunk: Int) -> Int
    ) -> Bool {
        path.noteArrival(now: now)
        guard failure == nil else { return false }
        guard var index = awaited(data.segment) else {
            statistics.duplicates += 1
            return false
        }
        if data.isMarked { statistics.marks += 1 }
        noteAnswer(index, &path, isMarked: data.isMarked, now: now)
        guard data.contentType != Self.nackContentType else {
            applicationNack(index, segment: data.segment, &path, now: now)
            return false
        }
        if isGuessing, data.segment == 0 {
            judgeGuess(data, &path)
            index = self.index(of: 0)
        }
        do {
            try check(data)
        } catch {
            refuse(index, error, &path)
            return false
        }
        do {
            land(index, segment: data.segment, &path)
            if geometry == nil { try begin(data, capacity: wanted) }
            noteSize(of: data.segment, length: data.length)
        } catch {
            fail(error)
            return false
        }
        statistics.segments += 1
        statistics.octets &+= UInt64(data.length)
        timers.progress = now
        timers.noRouteSince = nil
        timers.probes = 0
        if timers.nacked?.segment == data.segment { timers.nacked = nil }
        return true
    }

    /// The slot of a segment that was asked for and is not here.
    func awaited(_ segment: UInt64) -> Int? {
        if let geometry, segment == geometry.final {
            // Its slot lies outside the ring.
        } else {
            guard segment >= base, segment < unsent else { return nil }
        }
        let index = index(of: segment)
        switch ring[index].state {
        case .inFlight, .lost: return index
        case .unsent, .received, .hole: return nil
        }
    }

    /// Round-trip sample, overtaking and congestion state from an answer to the transmission in slot `index`.
    private mutating func noteAnswer(_ index: Int, _ path: inout FetchPath, isMarked: Bool, now: NIODeadline) {
        let slot = ring[index]
        let isRepeated = slot.transmissions > 1
        let isAmbiguous = isRepeated || wasAskedInVain(segment(at: index))
        let isEarlier = isAmbiguous && now - slot.sent.sentAt < (path.rtt.minimum ?? .zero)
        if slot.state == .lost || isRepeated && isEarlier {
            path.wasNotLost(slot.episode)  // The segment had been late.
            statistics.spurious += 1
        }
        if !isEarlier { latestAnswered = max(latestAnswered, slot.sent.sequence) }
        if isRepeated, !isEarlier {
            path.suppression.answered(
                after: now - slot.firstSentAt, transmissions: slot.transmissions, rtt: path.rtt.smoothed)
        }
        timers.lastActivity = now
        path.received(
            slot.sent, isAmbiguous: isAmbiguous, first: slot.transmissions == 2 ? slot.firstSentAt : nil,
            isMarked: isMarked, now: now)
    }

    private func wasAskedInVain(_ segment: UInt64) -> Bool {
        guard let askedInVain, geometry != nil else { return false }
        return segment < askedInVain.below || segment == askedInVain.final
    }

    /// Marks slot `index` received and moves the window on.
    mutating func land(_ index: Int, segment: UInt64, _ path: inout FetchPath) {
        if ring[index].state == .inFlight { path.forget(1) }
        ring.receive(index)
        while let final = geometry?.final, base < final {
            let first = self.index(of: base)
            guard ring[first].state == .received else { return }
            ring.recycle(first)
            base += 1
        }
        if let final = geometry?.final, base == final, ring[capacity].state == .received { base += 1 }
    }

    // MARK: Size

    private func check(_ data: SegmentData) throws(FetchError) {
        guard data.contentType == 0 else { throw .malformed("ContentType \(data.contentType)") }
        guard let geometry else { return }
        if let final = data.final, final != geometry.final {
            throw .malformed("FinalBlockId moved from \(geometry.final) to \(final)")
        }
        try check(data.segment, length: data.length, geometry)
    }

    /// Whether a segment is as long as it must be.
    func check(_ segment: UInt64, length: Int, _ geometry: BlobGeometry) throws(FetchError) {
        guard segment == geometry.final else {
            if length == geometry.chunk { return }
            throw .malformed("segment \(segment) has \(length) octets, the first \(geometry.chunk)")
        }
        guard length <= geometry.chunk else {
            throw .malformed("the last segment has \(length) octets, the first \(geometry.chunk)")
        }
        if let size, size != geometry.offset(of: segment) &+ UInt64(length) {
            throw .malformed("the last segment has \(length) octets, of a blob of \(size)")
        }
    }

    /// Segment 0 is here, the first of all.
    private mutating func begin(_ data: SegmentData, capacity wanted: (_ chunk: Int) -> Int) throws(FetchError) {
        guard let final = data.final else { throw .noSize }
        let geometry = try BlobGeometry(chunk: data.length, final: final)
        adopt(geometry, capacity: wanted(data.length))
        base = 1
        unsent = 1
        limit = max(limit, 1)
    }

    /// The final segment's length completes the size.
    mutating func noteSize(of segment: UInt64, length: Int) {
        guard let geometry, segment == geometry.final, likelySize == nil else { return }
        likelySize = geometry.offset(of: segment) &+ UInt64(length)
    }
}
