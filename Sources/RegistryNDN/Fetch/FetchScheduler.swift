package import NIOCore

/// All fetches over one face: they share its window by weighted round robin, so that a small blob never waits for a
/// large one.
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
    package private(set) var path: FetchPath
    private(set) var isUp: Bool
    private(set) var count = 0
    private var turn = 0
    private var left = Self.quantum
    /// Some fetch may have begun that has not asked for its first segments.
    private var mayHaveUrgent = false

    package init(path: FetchPath, isUp: Bool = true) {
        self.path = path
        self.isUp = isUp
    }

    package mutating func add(_ fetch: SegmentFetch) -> ID {
        count += 1
        mayHaveUrgent = true
        if let free = fetches.firstIndex(where: { $0 == nil }) {
            fetches[free] = fetch
            return free
        }
        fetches.append(fetch)
        return fetches.count - 1
    }

    /// Forgets a fetch; what it has in flight no longer counts.
    package mutating func remove(_ id: ID) {
        guard let fetch = fetches[id] else { return }
        path.forget(fetch.ring.inFlight)
        fetches[id] = nil
        count -= 1
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
            if turn < fetches.count, left > 0, let interest = fetches[turn]?.nextInterest(&path, now: now) {
                left -= 1
                return (turn, interest)
            }
            turn = turn + 1 < fetches.count ? turn + 1 : 0
            left = fetches[turn]?.isSmall == true ? Self.smallQuantum : Self.quantum
        }
        path.noteIdle()
        return nil
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
