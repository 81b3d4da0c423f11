package import NIOCore

/// All fetches over one face: they share its window by weighted round robin, so that a small blob never waits for a
/// large one.
///
/// Fetches of one blob, such as containerd's ranges, give half of their turns to the first of them. So they end one after another,
/// and while the next one begins others fill the path. Were all equally fast they would end together: nothing would be on its way
/// then, and whatever the server has yet to read for the next ones would come in one burst.
///
/// Pure, like ``SegmentFetch``: the owner sends what ``nextInterest(now:)`` gives, passes on what arrives, and calls
/// ``advance(now:)`` at ``nextDeadline``.
package struct FetchScheduler: Sendable {
    /// Names a fetch until it is removed.
    package typealias ID = Int

    /// Interests one fetch sends before the next one's turn: enough for a train of equal-sized packets.
    private static let quantum = 8
    /// The same for one that has few segments left: it is over sooner, and the large ones hardly later.
    private static let smallQuantum = 32

    private var fetches: [SegmentFetch?] = []
    /// By ID, a number that fetches of one blob have in common.
    private var blobs: [Int] = []
    private var nextBlob = 0
    package private(set) var path: FetchPath
    private(set) var isUp: Bool
    private(set) var count = 0
    private var turn = 0
    private var left = Self.quantum
    /// Who gets the second half of this turn.
    private var front: ID?
    /// Some fetch may have begun that has not asked for its first segments.
    private var mayHaveUrgent = false

    package init(path: FetchPath, isUp: Bool = true) {
        self.path = path
        self.isUp = isUp
    }

    /// - Parameter other: a fetch of the same blob.
    package mutating func add(_ fetch: SegmentFetch, beside other: ID? = nil) -> ID {
        count += 1
        mayHaveUrgent = true
        nextBlob += 1
        let blob = other.map { blobs[$0] } ?? nextBlob
        if let free = fetches.firstIndex(where: { $0 == nil }) {
            (fetches[free], blobs[free]) = (fetch, blob)
            return free
        }
        fetches.append(fetch)
        blobs.append(blob)
        return fetches.count - 1
    }

    /// Forgets a fetch; what it has in flight no longer counts.
    package mutating func remove(_ id: ID) {
        guard let fetch = fetches[id] else { return }
        path.forget(fetch.ring.inFlight)
        fetches[id] = nil
        count -= 1
        if front == id { front = nil }
    }

    /// The state of a fetch that was added and not removed.
    package subscript(id: ID) -> SegmentFetch? {
        _read { yield fetches[id] }
    }

    /// The next Interest, retransmissions first, if window, pace, demand and face allow one.
    package mutating func nextInterest(now: NIODeadline) -> (id: ID, interest: SegmentInterest)? {
        guard isUp, count > 0 else { return nil }
        if mayHaveUrgent, let urgent = nextUrgent(now: now) { return urgent }
        guard path.maySend(now: now) else { return nil }
        for _ in 0...fetches.count {
            if turn < fetches.count, left > 0, let next = nextOfTurn(now: now) {
                left -= 1
                return next
            }
            turn = turn + 1 < fetches.count ? turn + 1 : 0
            left = fetches[turn]?.isSmall == true ? Self.smallQuantum : Self.quantum
        }
        path.noteIdle()
        return nil
    }

    private mutating func nextOfTurn(now: NIODeadline) -> (id: ID, interest: SegmentInterest)? {
        if left == Self.quantum / 2 { front = first(beside: turn) }
        if left <= Self.quantum / 2, let front, let interest = fetches[front]?.nextInterest(&path, now: now) {
            return (front, interest)
        }
        return fetches[turn]?.nextInterest(&path, now: now).map { (turn, $0) }
    }

    /// Of the fetches of one blob that have something to ask for, the one that ends first, and of those with the same end the
    /// one that begins first; nil when that is `id`.
    private func first(beside id: ID) -> ID? {
        guard fetches[id] != nil else { return nil }
        var first: (id: ID, end: UInt64, unsent: UInt64)?
        for other in fetches.indices where blobs[other] == blobs[id] && fetches[other]?.isAsking == true {
            guard let end = fetches[other]?.end, let unsent = fetches[other]?.unsent else { continue }
            if let first, (first.end, first.unsent) <= (end, unsent) { continue }
            first = (other, end, unsent)
        }
        return first?.id == id ? nil : first?.id
    }

    /// The first Interests of a fetch do not wait for the window that others have filled.
    private mutating func nextUrgent(now: NIODeadline) -> (id: ID, interest: SegmentInterest)? {
        guard path.inFlight < path.maximumWindow else { return nil }
        mayHaveUrgent = false
        for id in fetches.indices where fetches[id]?.isBeginning == true {
            mayHaveUrgent = true
            if fetches[id]?.isUrgent == true, let interest = fetches[id]?.nextInterest(&path, now: now) {
                return (id, interest)
            }
        }
        return nil
    }

    /// Data for fetch `id`; see ``SegmentFetch/receive(_:_:now:capacity:)``.
    package mutating func receive(
        _ data: SegmentData, for id: ID, now: NIODeadline, capacity: (_ chunk: Int) -> Int
    ) -> Bool {
        fetches[id]?.receive(data, &path, now: now, capacity: capacity) ?? false
    }

    /// - Parameter nonce: of the Interest that came back; nil when it is not known.
    package mutating func receiveNack(
        _ reason: FetchNack, segment: UInt64, nonce: UInt32?, for id: ID, now: NIODeadline
    ) {
        fetches[id]?.receiveNack(reason, segment: segment, nonce: nonce, &path, now: now)
    }

    /// Data for fetch `id` is faulty in a way only the owner knows of, such as its signature.
    package mutating func refuse(_ segment: UInt64, _ error: FetchError, for id: ID) {
        fetches[id]?.refuse(segment: segment, error, &path)
    }

    /// Whether the owner can fill holes of fetch `id`.
    package mutating func setRepair(_ canRepair: Bool, of id: ID) {
        fetches[id]?.canRepair = canRepair
    }

    /// Neighbouring segments of fetch `id` that the path cannot give, each once.
    package mutating func nextHoles(of id: ID) -> Range<UInt64>? {
        fetches[id]?.nextHoles()
    }

    /// The owner cannot fill holes of fetch `id`.
    package mutating func leaveHoles(of id: ID) {
        fetches[id]?.leaveHoles()
    }

    /// Octets of a hole; see ``SegmentFetch/fill(_:length:_:now:)``.
    package mutating func fill(_ segment: UInt64, length: Int, for id: ID, now: NIODeadline) -> Bool {
        fetches[id]?.fill(segment, length: length, &path, now: now) ?? false
    }

    package mutating func raiseLimit(of id: ID, to segment: UInt64) {
        fetches[id]?.raiseLimit(to: segment)
    }

    mutating func lowerLimit(of id: ID, to segment: UInt64) {
        fetches[id]?.lowerLimit(to: segment)
    }

    package mutating func fail(_ id: ID, _ error: FetchError) {
        fetches[id]?.fail(error)
    }

    /// The face came up, anew.
    package mutating func faceUp(initialWindow: Int, isLocal: Bool = false) {
        isUp = true
        path.reset(initialWindow: initialWindow, isLocal: isLocal)
    }

    /// The face went down: whatever is in flight is lost.
    package mutating func faceDown() {
        isUp = false
        for id in fetches.indices { fetches[id]?.loseFlight(&path) }
    }

    /// Losses and ends by the clock, for all fetches. To be called after each batch of packets and at ``nextDeadline``.
    package mutating func advance(now: NIODeadline) {
        for id in fetches.indices { fetches[id]?.advance(&path, isUp: isUp, now: now) }
    }

    /// When ``advance(now:)`` has something to do, if nothing arrives before; nil without fetches. To be asked after all
    /// Interests that may leave now have been pulled.
    package func nextDeadline(now: NIODeadline) -> NIODeadline? {
        var next: NIODeadline?
        for id in fetches.indices {
            guard fetches[id]?.isOver == false,
                let deadline = fetches[id]?.nextDeadline(path, isUp: isUp, now: now)
            else { continue }
            next = min(next ?? deadline, deadline)
        }
        guard isUp, let some = next else { return next }
        return path.nextTrain().map { min(some, $0) } ?? some
    }
}
