import NIOCore

/// All fetches over one face: they share its window by round robin, so that a small blob never waits for a large one.
///
/// Pure, like ``SegmentFetch``: the owner sends what ``nextInterest(now:)`` gives, passes on what arrives, and calls
/// ``advance(now:)`` at ``nextDeadline``.
struct FetchScheduler: Sendable {
    /// Names a fetch until it is removed.
    typealias ID = Int

    /// Interests one fetch sends before the next one's turn: enough for a train of equal-sized packets.
    private static let quantum = 8

    private var fetches: [SegmentFetch?] = []
    private(set) var path: FetchPath
    private(set) var isUp: Bool
    private(set) var count = 0
    private var turn = 0
    private var left = Self.quantum

    init(path: FetchPath, isUp: Bool = true) {
        self.path = path
        self.isUp = isUp
    }

    mutating func add(_ fetch: SegmentFetch) -> ID {
        count += 1
        if let free = fetches.firstIndex(where: { $0 == nil }) {
            fetches[free] = fetch
            return free
        }
        fetches.append(fetch)
        return fetches.count - 1
    }

    /// Forgets a fetch; what it has in flight no longer counts.
    mutating func remove(_ id: ID) {
        guard let fetch = fetches[id] else { return }
        path.inFlight -= fetch.ring.inFlight
        fetches[id] = nil
        count -= 1
    }

    /// The state of a fetch that was added and not removed.
    subscript(id: ID) -> SegmentFetch? {
        _read { yield fetches[id] }
    }

    /// The next Interest, retransmissions first, if window, demand and face allow one.
    mutating func nextInterest(now: NIODeadline) -> (id: ID, interest: SegmentInterest)? {
        guard isUp, count > 0 else { return nil }
        guard path.inFlight < path.window else {
            path.isWindowLimited = true
            return nil
        }
        for _ in 0...fetches.count {
            if turn < fetches.count, left > 0, let interest = fetches[turn]?.nextInterest(&path, now: now) {
                left -= 1
                return (turn, interest)
            }
            turn = turn + 1 < fetches.count ? turn + 1 : 0
            left = Self.quantum
        }
        path.isWindowLimited = false
        return nil
    }

    /// Data for fetch `id`; see ``SegmentFetch/receive(_:_:now:capacity:)``.
    mutating func receive(
        _ data: SegmentData, for id: ID, now: NIODeadline, capacity: (_ chunk: Int) -> Int
    ) -> Bool {
        fetches[id]?.receive(data, &path, now: now, capacity: capacity) ?? false
    }

    mutating func receiveNack(_ reason: FetchNack, segment: UInt64, for id: ID, now: NIODeadline) {
        fetches[id]?.receiveNack(reason, segment: segment, &path, now: now)
    }

    mutating func raiseLimit(of id: ID, to segment: UInt64) {
        fetches[id]?.raiseLimit(to: segment)
    }

    mutating func fail(_ id: ID, _ error: FetchError) {
        fetches[id]?.fail(error)
    }

    /// The face came up, anew.
    mutating func faceUp(initialWindow: Int) {
        isUp = true
        path.reset(initialWindow: initialWindow)
    }

    /// The face went down: whatever is in flight is lost.
    mutating func faceDown() {
        isUp = false
        for id in fetches.indices { fetches[id]?.loseFlight(&path) }
    }

    /// Losses and ends by the clock, for all fetches. To be called after each batch of packets and at ``nextDeadline``.
    mutating func advance(now: NIODeadline) {
        for id in fetches.indices { fetches[id]?.advance(&path, isUp: isUp, now: now) }
    }

    /// When ``advance(now:)`` has something to do, if nothing arrives before; nil without fetches. To be asked after all
    /// Interests that may leave now have been pulled.
    func nextDeadline(now: NIODeadline) -> NIODeadline? {
        var next: NIODeadline?
        for id in fetches.indices {
            guard let deadline = fetches[id].flatMap({ $0.isOver ? nil : $0.nextDeadline(path, isUp: isUp, now: now) })
            else {
                continue
            }
            next = min(next ?? deadline, deadline)
        }
        return next
    }
}
