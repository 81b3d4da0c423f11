internal import NDN
import NIOCore

/// Somebody who waits for a segment.
struct Waiter: Sendable {
    /// The face that its Interest came from.
    let face: UInt64
    /// The token of the Interest, which the answer echoes.
    var pitToken: PitToken?
    /// When its Interest ends.
    var expires: NIODeadline
    /// What a Nack has to repeat of its Interest.
    var nonce: UInt32?
    var canBePrefix = false
    var mustBeFresh = false
}

/// Who waits for which segment, without an allocation per Interest: lists linked through one array.
struct WaiterTable {
    /// The first waiter of a segment; `none` for nobody.
    typealias Head = Int32
    static let none: Head = -1

    private struct Node {
        var waiter: Waiter
        var next: Head
    }

    /// Most waiters of one segment: a segment that so many ask for is not worth more memory.
    static let maximumPerSegment = 64

    let limit: Int
    private(set) var count = 0
    private var nodes: [Node] = []
    private var free = WaiterTable.none

    init(limit: Int) { self.limit = limit }

    /// Adds a waiter, or renews the one of the same face; false when there are too many.
    mutating func add(_ waiter: Waiter, to head: inout Head) -> Bool {
        var length = 0
        var at = head
        while at != Self.none {
            if nodes[Int(at)].waiter.face == waiter.face {
                nodes[Int(at)].waiter = waiter
                return true
            }
            length += 1
            at = nodes[Int(at)].next
        }
        guard length < Self.maximumPerSegment, count < limit else { return false }
        let node = Node(waiter: waiter, next: head)
        if free == Self.none {
            head = Head(nodes.count)
            nodes.append(node)
        } else {
            head = free
            free = nodes[Int(head)].next
            nodes[Int(head)] = node
        }
        count += 1
        return true
    }

    /// Takes the waiters of one segment out.
    mutating func take(_ head: inout Head, _ body: (Waiter) -> Void) {
        while head != Self.none {
            let at = head
            let node = nodes[Int(at)]
            head = node.next
            nodes[Int(at)].next = free
            free = at
            count -= 1
            body(node.waiter)
        }
    }

    /// Takes out those of one segment whose Interest has ended.
    mutating func expire(_ head: inout Head, now: NIODeadline) {
        var kept: [Waiter] = []
        take(&head) { if $0.expires > now { kept.append($0) } }
        for waiter in kept.reversed() { _ = add(waiter, to: &head) }
    }
}
