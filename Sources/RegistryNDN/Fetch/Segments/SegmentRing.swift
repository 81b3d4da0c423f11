import NIOCore

/// Transmission state of the segments inside a window, in a ring indexed by segment number, and two queues threaded
/// through it: Interests in flight in the order of sending, and segments to be sent again. The final segment has a slot of its own
/// behind the ring, since it is usually far ahead of the window.
///
/// No allocation but by the initialisers, ``firstAlone()`` and ``makeRoom(for:)``; every other operation is O(1).
struct SegmentRing: Sendable {
    enum State: UInt8 {
        case unsent, inFlight, lost, received
        /// Not to be had from the path: its octets come from elsewhere.
        case hole
    }

    struct Slot {
        /// The last transmission.
        var sent = Transmission()
        /// When the first left.
        var firstSentAt = NIODeadline.uptimeNanoseconds(0)
        /// The loss event that took the one before for lost, ``FetchPath/wasNotLost(_:)``.
        var episode: UInt32 = 0
        fileprivate var previous: Int32 = -1
        fileprivate var next: Int32 = -1
        var transmissions: UInt8 = 0
        fileprivate(set) var state = State.unsent
        /// The last transmission carried MustBeFresh.
        var isFresh = false
        /// What came was faulty: further ones must carry it.
        var wantsFresh = false

        /// From the first transmission to the last.
        var gap: TimeAmount { sent.sentAt - firstSentAt }
    }

    private struct Queue {
        var head: Int32 = -1
        var tail: Int32 = -1
        var count = 0
    }

    /// Slots that a blob has at first.
    private static let firstCapacity = 1 << 7

    private var slots: [Slot]
    private var flight = Queue()
    private var losses = Queue()
    /// Slots for segments before the final one; a power of two, and no more than the blob has needed so far.
    private(set) var capacity = 1
    /// What ``capacity`` may become; a power of two.
    private var fullCapacity = 1
    /// The lowest segment that is not here.
    private(set) var base: UInt64 = 0
    /// Number of the final segment; nil while it is not known, and segment 0 has the only slot.
    private let final: UInt64?

    /// A ring for the first segment of a blob of which nothing is known.
    init() {
        final = nil
        slots = Array(repeating: Slot(), count: 2)
    }

    /// A ring for segments from `base` to `final`.
    ///
    /// - Parameter wanted: segments that it should have slots for, less than 2^30.
    init(from base: UInt64, to final: UInt64, capacity wanted: Int) {
        self.base = base
        self.final = final
        let most = min(UInt64(max(wanted, 1)), max(final, 1))
        while fullCapacity < most { fullCapacity *= 2 }
        capacity = min(fullCapacity, Self.firstCapacity)
        slots = Array(repeating: Slot(), count: capacity + 1)
    }

    // MARK: Numbers

    /// Segments from here on have no slots yet, the final one apart.
    var end: UInt64 { base &+ UInt64(fullCapacity) }

    func index(of segment: UInt64) -> Int {
        segment == final ? capacity : Int(truncatingIfNeeded: segment & UInt64(capacity - 1))
    }

    func segment(at index: Int) -> UInt64 {
        if index == capacity, let final { return final }
        let mask = UInt64(capacity - 1)
        return base &+ ((UInt64(index) &- base) & mask)
    }

    /// Makes sure that a segment below ``end`` has a slot.
    mutating func makeRoom(for segment: UInt64) {
        var needed = capacity
        while needed < fullCapacity, segment &- base >= UInt64(needed) { needed *= 2 }
        guard needed > capacity else { return }
        let old = self
        capacity = needed
        slots = Array(repeating: Slot(), count: capacity + 1)
        for index in old.slots.indices where old.slots[index].state != .unsent {
            slots[self.index(of: old.segment(at: index))] = old.slots[index]
        }
        flight = rebuild(old.flight, of: old)
        losses = rebuild(old.losses, of: old)
    }

    private mutating func rebuild(_ queue: Queue, of old: SegmentRing) -> Queue {
        var rebuilt = Queue()
        var next = queue.head
        while next >= 0 {
            Self.append(index(of: old.segment(at: Int(next))), to: &rebuilt, of: &slots)
            next = old.slots[Int(next)].next
        }
        return rebuilt
    }

    /// What the first slot holds, and nothing else, in as many slots as a fetch has at first.
    func firstAlone() -> SegmentRing {
        var ring = SegmentRing()
        let state = slots[0].state
        ring.slots[0] = slots[0]
        ring.slots[0].state = .unsent
        switch state {
        case .inFlight: ring.send(0)
        case .lost: ring.lose(0)
        case .unsent, .received, .hole: ring.slots[0].state = state
        }
        return ring
    }

    // MARK: States

    var inFlight: Int { flight.count }
    var lost: Int { losses.count }
    /// The Interest in flight that was sent first.
    var oldestInFlight: Int? { flight.head < 0 ? nil : Int(flight.head) }
    /// The segment that waits longest for its retransmission.
    var firstLost: Int? { losses.head < 0 ? nil : Int(losses.head) }

    /// The Interest in flight sent next after the one in slot `index`.
    func sentAfter(_ index: Int) -> Int? {
        let next = slots[index].next
        return next < 0 ? nil : Int(next)
    }

    subscript(index: Int) -> Slot {
        _read { yield slots[index] }
        _modify { yield &slots[index] }
    }

    /// Puts slot `index` at the end of the flight.
    mutating func send(_ index: Int) {
        unlink(index)
        slots[index].state = .inFlight
        Self.append(index, to: &flight, of: &slots)
    }

    /// Takes slot `index` out of the flight, for retransmission.
    mutating func lose(_ index: Int) {
        unlink(index)
        slots[index].state = .lost
        Self.append(index, to: &losses, of: &slots)
    }

    /// The segment of slot `index` is here: the window moves on.
    mutating func receive(_ index: Int) {
        unlink(index)
        slots[index].state = .received
        guard let final else { return }
        while base < final {
            let first = self.index(of: base)
            guard slots[first].state == .received else { return }
            slots[first] = Slot()
            base += 1
        }
        if base == final, slots[capacity].state == .received { base += 1 }
    }

    /// Slot `index` is no longer asked for.
    mutating func makeHole(_ index: Int) {
        unlink(index)
        slots[index].state = .hole
    }

    private mutating func unlink(_ index: Int) {
        switch slots[index].state {
        case .inFlight: Self.remove(index, from: &flight, of: &slots)
        case .lost: Self.remove(index, from: &losses, of: &slots)
        case .unsent, .received, .hole: break
        }
    }

    private static func append(_ index: Int, to queue: inout Queue, of slots: inout [Slot]) {
        slots[index].previous = queue.tail
        slots[index].next = -1
        if queue.tail >= 0 { slots[Int(queue.tail)].next = Int32(index) } else { queue.head = Int32(index) }
        queue.tail = Int32(index)
        queue.count += 1
    }

    private static func remove(_ index: Int, from queue: inout Queue, of slots: inout [Slot]) {
        let (previous, next) = (slots[index].previous, slots[index].next)
        if previous >= 0 { slots[Int(previous)].next = next } else { queue.head = next }
        if next >= 0 { slots[Int(next)].previous = previous } else { queue.tail = previous }
        queue.count -= 1
    }
}
