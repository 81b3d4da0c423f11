import NIOCore

/// Transmission state of the segments inside a window, in a ring indexed by segment number, and two queues threaded
/// through it: Interests in flight in the order of sending, and segments to be sent again.
///
/// No allocation but by `init` and ``grow(to:moving:)``; every other operation is O(1).
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

    private var slots: [Slot]
    private var flight = Queue()
    private var losses = Queue()

    /// - Parameter capacity: slots, at most 2^31 - 1.
    init(capacity: Int) {
        slots = Array(repeating: Slot(), count: capacity)
    }

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

    /// The segment of slot `index` is here.
    mutating func receive(_ index: Int) {
        unlink(index)
        slots[index].state = .received
    }

    /// Slot `index` is no longer asked for.
    mutating func makeHole(_ index: Int) {
        unlink(index)
        slots[index].state = .hole
    }

    /// Makes slot `index` ready for the segment one capacity further on.
    mutating func recycle(_ index: Int) {
        unlink(index)
        slots[index] = Slot()
    }

    /// What the first slot holds, and nothing else, in as many slots as a fetch has at first.
    func firstAlone() -> SegmentRing {
        var ring = SegmentRing(capacity: 2)
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

    /// Makes more slots.
    ///
    /// - Parameters:
    ///   - capacity: slots from now on, more than before.
    ///   - place: where the content of a slot belongs from now on; another place for each slot.
    mutating func grow(to capacity: Int, moving place: (_ index: Int) -> Int) {
        var grown = SegmentRing(capacity: capacity)
        for index in slots.indices where slots[index].state != .unsent {
            grown.slots[place(index)] = slots[index]
        }
        grown.flight = Self.rebuild(flight, of: slots, in: &grown.slots, moving: place)
        grown.losses = Self.rebuild(losses, of: slots, in: &grown.slots, moving: place)
        self = grown
    }

    private static func rebuild(
        _ queue: Queue, of slots: [Slot], in grown: inout [Slot], moving place: (_ index: Int) -> Int
    ) -> Queue {
        var rebuilt = Queue()
        var next = queue.head
        while next >= 0 {
            append(place(Int(next)), to: &rebuilt, of: &grown)
            next = slots[Int(next)].next
        }
        return rebuilt
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
