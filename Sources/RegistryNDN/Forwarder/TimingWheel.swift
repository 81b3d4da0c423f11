internal import NDN
internal import NIOCore

/// When many items are due: scheduling and cancelling in O(1), and one earliest deadline for the event loop's timer.
///
/// Items are small indices of the owner. Time is cut into ticks; a ring of slots holds the items of each coming tick in a
/// doubly linked list. An item beyond the ring comes up early, and its owner, who knows the exact time, schedules it again.
struct TimingWheel {
    private struct Link {
        var next: Int32 = none
        var previous: Int32 = none
        var slot: Int32 = none
    }

    private static let none: Int32 = -1
    private static let slotCount: Int64 = 1024
    private let tick: Int64
    private var heads: [Int32]
    private var links: [Link] = []
    /// The next tick whose slot has not been emptied.
    private var cursor: Int64 = 0
    private var earliest = Int64.max
    private(set) var count = 0

    init(tick: TimeAmount = .milliseconds(16)) {
        self.tick = tick.nanoseconds
        heads = Array(repeating: Self.none, count: Int(Self.slotCount))
    }

    /// When `next` may have something; nil while nothing is scheduled. May be early, never late by more than a tick.
    var deadline: NIODeadline? {
        count == 0 ? nil : .uptimeNanoseconds(UInt64(earliest * tick))
    }

    /// Schedules an item, anew if it was scheduled.
    mutating func schedule(_ item: Int, at deadline: NIODeadline, now: NIODeadline) {
        if item >= links.count {
            links.append(contentsOf: repeatElement(Link(), count: item + 1 - links.count))
        }
        cancel(item)
        if count == 0 {
            cursor = nanoseconds(now) / tick
            earliest = .max
        }
        let due = (nanoseconds(deadline) + tick - 1) / tick
        let at = min(max(due, cursor), cursor + Self.slotCount - 1)
        let slot = Int(at % Self.slotCount)
        links[item] = Link(next: heads[slot], previous: Self.none, slot: Int32(slot))
        if heads[slot] != Self.none { links[Int(heads[slot])].previous = Int32(item) }
        heads[slot] = Int32(item)
        count += 1
        earliest = min(earliest, at)
    }

    /// Forgets an item; nothing if it is not scheduled.
    mutating func cancel(_ item: Int) {
        guard item < links.count, links[item].slot != Self.none else { return }
        let link = links[item]
        if link.next != Self.none { links[Int(link.next)].previous = link.previous }
        if link.previous != Self.none {
            links[Int(link.previous)].next = link.next
        } else {
            heads[Int(link.slot)] = link.next
        }
        links[item] = Link()
        count -= 1
    }

    /// Takes out an item whose tick has come; nil when there are no more.
    mutating func next(now: NIODeadline) -> Int? {
        let nowTick = nanoseconds(now) / tick
        // After a long idle time one turn of the ring passes every slot.
        cursor = max(cursor, nowTick - Self.slotCount + 1)
        while count > 0, cursor <= nowTick {
            let head = heads[Int(cursor % Self.slotCount)]
            guard head == Self.none else {
                cancel(Int(head))
                return Int(head)
            }
            cursor += 1
        }
        findEarliest()
        return nil
    }

    private mutating func findEarliest() {
        guard count > 0 else { return }
        earliest = cursor
        while heads[Int(earliest % Self.slotCount)] == Self.none { earliest += 1 }
    }

    /// Clamped to what ticks can be counted in; a deadline of a million years is as good as none.
    private func nanoseconds(_ deadline: NIODeadline) -> Int64 {
        Int64(clamping: min(deadline.uptimeNanoseconds, UInt64(Int64.max / 2)))
    }
}
