package import NIOCore

/// One blob's segments: which to ask for next, which to ask for again, and what the answers say about its size.
///
/// Pure: `now` is a parameter, Interests are pulled with ``nextInterest(_:now:)``, and a terminal error is left in
/// ``failure``. Segments are accepted in any order, each once; bringing them into order is the caller's affair.
///
/// The final segment completes the size, ``SizeDiscovery``: it is asked for at once, and those in between are fetched meanwhile.
///
/// Where the blob's geometry can be guessed, ``guess(_:capacity:)``, nothing waits for segment 0, and a small blob takes one round
/// trip. Segment 0 confirms the guess; whatever speaks against it before, or segment 0 itself, ends the guess: what has come is
/// forgotten, and the fetch goes on as one that had none.
package struct SegmentFetch: Sendable {
    package static let maximumCapacity = 1 << 14
    /// By a guess the final segment is asked for at once only when it is one of so many: a server reads them in one go from the blob's
    /// begin on, and one that does not know yet which segment is the final one would read as many around another.
    private static let readAtOnce: UInt64 = 512

    private(set) var ring = SegmentRing()
    private var discovery = SizeDiscovery()
    private var timers: FetchTimers
    private(set) var holes = Holes()
    /// The lowest segment never asked for, the final one apart.
    private(set) var unsent: UInt64 = 0
    /// The reader's demand: segments from here on are not asked for. The final one is exempt.
    private(set) var limit: UInt64 = 1
    /// Segments from here on are not wanted at all, the final one included.
    let stop: UInt64
    /// The error that ended the fetch.
    package private(set) var failure: FetchError?
    package var statistics = FetchStatistics()
    /// The latest transmission that was answered; earlier ones have been overtaken.
    private var latestAnswered: UInt64 = 0
    private let maximumTransmissions: UInt8
    /// Further Interests carry MustBeFresh: a cached Nack is in the way.
    private var mustBeFresh = false
    /// While it is not known how far the blob is.
    private(set) var approach: Approach?
    /// Where the first answer came from.
    private(set) var origin = BlobOrigin.unanswered
    /// Whether the owner can get octets from elsewhere, ``nextHoles()``.
    package var canRepair = false

    package init(
        configuration: FetchConfiguration, stop: UInt64 = .max, deadline: NIODeadline, now: NIODeadline
    ) {
        self.stop = stop
        maximumTransmissions = UInt8(clamping: max(configuration.retransmissions, 0) + 1)
        timers = FetchTimers(configuration, deadline: deadline, now: now)
    }

    /// A fetch of a blob whose shape is known, from segment `start` on, and up to but not including `stop`.
    init(
        configuration: FetchConfiguration, geometry: BlobGeometry, size: UInt64, start: UInt64, stop: UInt64 = .max,
        capacity: Int, deadline: NIODeadline, now: NIODeadline
    ) {
        self.init(configuration: configuration, stop: stop, deadline: deadline, now: now)
        discovery = SizeDiscovery(geometry, size: size)
        adopt(geometry, from: start, capacity: capacity)
        limit = start
    }

    /// Takes a geometry for the blob's, until segment 0 says what it is. To be called before anything is asked for.
    package mutating func guess(_ geometry: BlobGeometry, capacity: Int) {
        // Segment 0 alone is asked for anyhow.
        guard geometry.final > 0 else { return }
        discovery.guess(geometry)
        adopt(geometry, from: 0, capacity: capacity)
    }

    /// Goes on as if there had been no guess. Of what was asked for only segment 0 still is.
    private mutating func dropGuess(_ path: inout FetchPath) {
        guard discovery.isGuessing else { return }
        discovery.dropGuess(unsent: unsent)
        let inFlight = ring.inFlight
        ring = ring.firstAlone()
        path.forget(inFlight - ring.inFlight)
        unsent = min(unsent, 1)
        limit = 1
    }

    /// Sets the ring's bounds, once, when nothing is in flight.
    private mutating func adopt(_ geometry: BlobGeometry, from start: UInt64, capacity wanted: Int) {
        ring = SegmentRing(from: start, to: geometry.final, capacity: min(wanted, Self.maximumCapacity))
        unsent = start
    }

    // MARK: State

    package var base: UInt64 { ring.base }
    var geometry: BlobGeometry? { discovery.geometry }
    var confirmedGeometry: BlobGeometry? { discovery.confirmedGeometry }
    package var size: UInt64? { discovery.size }
    var deadline: NIODeadline { timers.deadline }
    package var isComplete: Bool { geometry != nil && base >= end }
    package var isOver: Bool { isComplete || failure != nil }
    /// Segments asked for that are not here.
    var outstanding: Int { ring.inFlight + ring.lost }

    /// End of the segments that may be asked for in sequence: the final one, the demand, the ring.
    var sequentialEnd: UInt64 {
        guard let geometry else { return 1 }
        return min(geometry.final, limit, stop, ring.end)
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
        // What a guess tells need not be found out: many that begin at one moment would fill the path's queue.
        if discovery.isGuessing { return wantsFinal || unsent == 0 }
        return wantsFinal || unsent < min(4, sequentialEnd)
    }

    /// The final segment has not been asked for.
    var wantsFinal: Bool {
        guard let geometry, !discovery.isGuessing || unsent > 0 && geometry.final < Self.readAtOnce else {
            return false
        }
        return geometry.final >= base && geometry.final < stop && ring[ring.capacity].state == .unsent
    }

    /// Few segments are left to be asked for.
    var isSmall: Bool { geometry.map { $0.final &- unsent <= 64 } ?? true }

    /// The segment behind the last one that is wanted, as far as is known.
    var end: UInt64 { min(stop, geometry.map { $0.final + 1 } ?? .max) }

    /// Of several that ask for segments of one blob, the one with the smallest comes first.
    var turnOrder: (end: UInt64, begin: UInt64) { (end, unsent) }

    /// There is more to be asked for in sequence.
    var isAsking: Bool { failure == nil && unsent < sequentialEnd }

    /// The final segment is here already, from a fetch before this one.
    mutating func skipFinal() {
        if geometry != nil { ring.receive(ring.capacity) }
    }

    /// The reader allows segments below `segment`; never more than the ring may hold beyond ``base`` are asked for.
    package mutating func raiseLimit(to segment: UInt64) { limit = max(limit, segment) }

    /// The reader allows no segments from `segment` on, as far as they have not been asked for.
    mutating func lowerLimit(to segment: UInt64) { limit = max(unsent, min(limit, segment)) }

    mutating func fail(_ error: FetchError) { failure = failure ?? error }

    // MARK: Sending

    /// The next Interest to send, retransmissions first; nil when there is none for now.
    mutating func nextInterest(_ path: inout FetchPath, now: NIODeadline) -> SegmentInterest? {
        guard failure == nil, !timers.holds(now: now) else { return nil }
        if origin == .unanswered, approach == nil, path.isNear { approach = Approach(limit: path.initialWindow) }
        if let approach, ring.inFlight >= approach.limit { return nil }
        if let index = ring.firstLost, now >= readyAgain(index, path, now: now) {
            return send(index, &path, now: now)
        }
        if wantsFinal { return send(ring.capacity, &path, now: now) }
        guard unsent < sequentialEnd else { return nil }
        ring.makeRoom(for: unsent)
        defer { unsent += 1 }
        return send(ring.index(of: unsent), &path, now: now)
    }

    /// When the lost segment in slot `index` may be sent again.
    private func readyAgain(_ index: Int, _ path: borrowing FetchPath, now: NIODeadline) -> NIODeadline {
        ring[index].sent.sentAt + path.suppression.delay(transmissions: ring[index].transmissions, now: now)
    }

    private mutating func send(_ index: Int, _ path: inout FetchPath, now: NIODeadline) -> SegmentInterest? {
        guard ring[index].transmissions < maximumTransmissions else {
            exhausted(index, &path, now: now)
            return nil
        }
        if outstanding == 0 && holes.open == 0 { timers.progress = now }
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
            segment: ring.segment(at: index), nonce: path.nonce(ring[index].sent.sequence), mustBeFresh: fresh,
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
        guard data.contentType != ContentType.nack else {
            applicationNack(index, segment: data.segment, &path, now: now)
            return false
        }
        if discovery.isGuessing, data.segment == 0, !discovery.confirms(data) {
            dropGuess(&path)
            index = ring.index(of: 0)
        }
        do {
            try discovery.check(data)
        } catch {
            refuse(index, error, &path)
            return false
        }
        do {
            land(index, &path)
            if geometry == nil { adopt(try discovery.begin(data), from: 1, capacity: wanted(data.length)) }
            discovery.noteLength(data.length, of: data.segment)
        } catch {
            fail(error)
            return false
        }
        statistics.segments += 1
        statistics.octets &+= UInt64(data.length)
        timers.received(data.segment, now: now)
        return true
    }

    /// The slot of a segment that was asked for and is not here.
    func awaited(_ segment: UInt64) -> Int? {
        if let geometry, segment == geometry.final {
            // Its slot lies outside the ring.
        } else {
            guard segment >= base, segment < unsent else { return nil }
        }
        let index = ring.index(of: segment)
        switch ring[index].state {
        case .inFlight, .lost: return index
        case .unsent, .received, .hole: return nil
        }
    }

    /// Round-trip sample, overtaking and congestion state from an answer to the transmission in slot `index`.
    private mutating func noteAnswer(_ index: Int, _ path: inout FetchPath, isMarked: Bool, now: NIODeadline) {
        let slot = ring[index]
        let isRepeated = slot.transmissions > 1
        let isAmbiguous = isRepeated || discovery.wasAskedInVain(ring.segment(at: index))
        let isEarlier = isAmbiguous && now - slot.sent.sentAt < (path.rtt.minimum ?? .zero)
        if slot.state == .lost || isRepeated && isEarlier {
            path.wasNotLost(slot.episode)  // The segment had been late.
            statistics.spurious += 1
        }
        if !isEarlier { latestAnswered = max(latestAnswered, slot.sent.sequence) }
        timers.lastActivity = now
        noteOrigin(now - slot.firstSentAt, path)
        if isRepeated, !isEarlier {
            path.suppression.answered(
                after: now - slot.firstSentAt, transmissions: slot.transmissions, rtt: path.rtt.smoothed)
        }
        path.received(
            slot.sent, isAmbiguous: isAmbiguous, first: slot.transmissions == 2 ? slot.firstSentAt : nil,
            isMarked: isMarked, now: now)
    }

    private mutating func noteOrigin(_ elapsed: TimeAmount, _ path: borrowing FetchPath) {
        if origin == .unanswered { origin = path.isFar(elapsed) ? .far : path.isNear ? .near : .usual }
        guard approach != nil else { return }
        approach?.received(elapsed)
        let most = path.maximumWindow
        if let approach, approach.isOver || approach.limit >= most { self.approach = nil }
    }

    /// The path's window is that of a path like this blob's.
    mutating func hasArrived() { approach = nil }

    /// What slot `index` waits for is here.
    private mutating func land(_ index: Int, _ path: inout FetchPath) {
        if ring[index].state == .inFlight { path.forget(1) }
        ring.receive(index)
    }

    // MARK: Time

    /// Does what the clock asks for: takes segments for lost, repeats one as a probe, or ends the fetch.
    ///
    /// - Parameter isUp: whether the face is up; without it only the terminal timers run.
    mutating func advance(_ path: inout FetchPath, isUp: Bool, now: NIODeadline) {
        guard !isOver else { return }
        if let error = timers.expired(waiting(isUp: isUp), path, now: now) { return fail(error) }
        guard isUp else { return }
        detectLosses(&path, now: now)
        probe(&path, now: now)
    }

    /// When ``advance(_:isUp:now:)`` or ``nextInterest(_:now:)`` has something to do, if no packet comes before.
    ///
    /// What is due already but could not be sent waits for a packet, not for the clock.
    func nextDeadline(_ path: borrowing FetchPath, isUp: Bool, now: NIODeadline) -> NIODeadline {
        var next = timers.nextDeadline(waiting(isUp: isUp), path, now: now)
        guard isUp else { return next }
        if let hold = timers.holdUntil, hold > now { return min(next, hold) }
        if let index = ring.firstLost {
            let ready = readyAgain(index, path, now: now)
            if ready > now { next = min(next, ready) }
        }
        if let oldest = ring.oldestInFlight {
            next = min(next, ring[oldest].sent.sentAt + path.rtt.timeout)
            if let probe = timers.probeDeadline(ring[oldest], path.rtt) { next = min(next, probe) }
        }
        if let overtaken = firstOvertaken { next = min(next, whenLost(ring[overtaken], path)) }
        return next
    }

    /// What the timers have to know.
    private func waiting(isUp: Bool) -> FetchTimers.Wait {
        let isWaiting = outstanding > 0 || holes.open > 0 || timers.holdUntil != nil
        return FetchTimers.Wait(
            isUp: isUp, hasSize: size != nil, canRepair: canRepair,
            isProgressing: isWaiting && confirmedGeometry != nil,
            mindsSilence: isUp && canRepair && outstanding > 0 && size != nil,
            isCutOff: !isUp && (isWaiting || wantsFinal || unsent < sequentialEnd))
    }

    /// Retransmission timer and overtaking, in one walk over the oldest Interests in flight.
    private mutating func detectLosses(_ path: inout FetchPath, now: NIODeadline) {
        let timeout = path.rtt.timeout
        let overtaken = path.rtt.overtakenDelay
        var next = ring.oldestInFlight
        while let index = next {
            next = ring.sentAfter(index)
            let slot = ring[index]
            if now >= slot.sent.sentAt + timeout {
                statistics.timeouts += 1
                lose(index, &path)
                ring[index].episode = path.timedOut(slot.sent, now: now)
                if slot.wantsFresh && slot.transmissions >= Holes.patience { makeHole(index, &path) }
            } else if index != ring.capacity, now < slot.sent.sentAt + overtaken || !isOvertaken(slot) {
                return  // Everything behind it left later still.
            } else if index != ring.capacity, now >= whenLost(slot, path) {
                statistics.overtaken += 1
                lose(index, &path)
                ring[index].episode = path.lost(slot.sent, now: now)
            }
        }
    }

    private func isOvertaken(_ slot: SegmentRing.Slot) -> Bool { slot.sent.sequence < latestAnswered }

    private func whenLost(_ slot: SegmentRing.Slot, _ path: borrowing FetchPath) -> NIODeadline {
        slot.sent.sentAt
            + max(path.rtt.overtakenDelay, RTTEstimator.suppression(transmissions: slot.transmissions))
    }

    /// The final segment is asked for out of order, and the producer may have to read it from elsewhere, so only its timer counts.
    private var firstOvertaken: Int? {
        guard let oldest = ring.oldestInFlight else { return nil }
        let first = oldest == ring.capacity ? ring.sentAfter(oldest) : oldest
        return first.flatMap { isOvertaken(ring[$0]) ? $0 : nil }
    }

    private mutating func lose(_ index: Int, _ path: inout FetchPath) {
        path.forget(1)
        ring.lose(index)
    }

    /// Silence: the oldest Interest is sent again before its timer expires, since a lost tail has nothing behind it that
    /// could overtake it. This is no sign of congestion.
    private mutating func probe(_ path: inout FetchPath, now: NIODeadline) {
        guard let oldest = ring.oldestInFlight, let due = timers.probeDeadline(ring[oldest], path.rtt), now >= due
        else { return }
        timers.probed(now: now)
        if ring[oldest].transmissions < maximumTransmissions { lose(oldest, &path) }
    }

    // MARK: Nacks and the face

    /// A Nack of the network for the Interest of `segment`; one for an earlier transmission (another Nonce) says nothing.
    mutating func receiveNack(
        _ reason: NackReason, segment: UInt64, nonce: UInt32?, _ path: inout FetchPath, now: NIODeadline
    ) {
        path.noteArrival(now: now)
        guard failure == nil, let index = awaited(segment), ring[index].state == .inFlight else { return }
        let sequence = ring[index].sent.sequence
        guard nonce ?? path.nonce(sequence) == path.nonce(sequence) else { return }
        statistics.nacks += 1
        lose(index, &path)
        switch reason {
        case .congestion: path.congestion(.nack, sequence: sequence, now: now)
        case .duplicate, .none: break
        case .noRoute: if timers.noRoute(now: now) { fail(.noRoute) }
        }
    }

    /// ContentType Nack: a content store repeats it long after its freshness passed, so it counts only when it comes
    /// again for an Interest with MustBeFresh, or nothing does for 500 ms. Once there were segments it is a fault of this
    /// one.
    private mutating func applicationNack(_ index: Int, segment: UInt64, _ path: inout FetchPath, now: NIODeadline) {
        if confirmedGeometry != nil || segment != 0 { return refuse(index, .notFound, &path) }
        if ring[index].isFresh { return fail(.notFound) }
        mustBeFresh = true
        timers.nack(segment, now: now)
        if ring[index].state == .inFlight { lose(index, &path) }
    }

    /// The face went down: what was in flight is gone, and that says nothing about congestion.
    mutating func loseFlight(_ path: inout FetchPath) {
        while let index = ring.oldestInFlight {
            lose(index, &path)
            ring[index].transmissions = max(ring[index].transmissions, 1) - 1
        }
        timers.faceDown()
    }

    // MARK: Faults

    /// Data of a segment that is asked for is faulty: it is asked for once more, past the caches; then it is a hole.
    private mutating func refuse(_ index: Int, _ error: FetchError, _ path: inout FetchPath) {
        statistics.faults += 1
        holes.fault = error
        // More likely the guess is wrong than the segment.
        if discovery.isGuessing, ring.segment(at: index) != 0 { return dropGuess(&path) }
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
    private mutating func exhausted(_ index: Int, _ path: inout FetchPath, now: NIODeadline) {
        if discovery.isGuessing, ring.segment(at: index) != 0 { return dropGuess(&path) }
        let isAlive = now - timers.progress < .seconds(1)
        if !(isAlive && makeHole(index, &path)) { fail(confirmedGeometry == nil ? .noSize : .stalled) }
    }

    /// - Returns: whether the owner can fill another hole.
    @discardableResult
    private mutating func makeHole(_ index: Int, _ path: inout FetchPath) -> Bool {
        guard canRepair, confirmedGeometry != nil, holes.hasRoom(after: statistics.segments) else { return false }
        if ring[index].state == .inFlight { path.forget(1) }
        ring.makeHole(index)
        holes.add(ring.segment(at: index))
        return true
    }

    /// Neighbouring segments that the owner has to get from elsewhere, and give to ``fill(_:length:_:now:)`` each.
    package mutating func nextHoles() -> Range<UInt64>? { holes.take() }

    /// The owner cannot get them: what was wrong with them ends the fetch.
    mutating func leaveHoles() { fail(holes.fault ?? .stalled) }

    /// The octets of a hole are here.
    ///
    /// - Returns: whether they are wanted and as many as they should be; a wrong number ends the fetch.
    mutating func fill(_ segment: UInt64, length: Int, _ path: inout FetchPath, now: NIODeadline) -> Bool {
        guard failure == nil, let geometry, segment >= base, segment <= geometry.final else { return false }
        let index = ring.index(of: segment)
        guard ring[index].state == .hole else { return false }
        guard length > 0, (try? discovery.check(segment, length: length)) != nil else {
            fail(.malformed("segment \(segment) from elsewhere has \(length) octets"))
            return false
        }
        holes.fill()
        land(index, &path)
        discovery.noteLength(length, of: segment)
        statistics.segments += 1
        statistics.repaired += 1
        statistics.octets &+= UInt64(length)
        timers.progress = now
        return true
    }
}
