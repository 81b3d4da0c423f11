import HeapModule
import NIOCore

/// What happens in the network, and when. Equal times keep the order of insertion, so that a run can be repeated.
struct EventQueue {
    enum Kind: UInt8 {
        /// An Interest reaches the near cache, the producer's side of the link, or an answer leaves the producer.
        case atCache, atProducer, answered
        /// Data reaches the near router, its consumer.
        case atRouter, data
        /// A consumer's reader takes octets, its clock is due, or it begins.
        case read, wake, begin
        /// The link changes.
        case change
    }

    struct Event {
        var kind: Kind
        var isMarked = false
        var consumer: Int32 = 0
        var blob: Int32 = 0
        var segment: UInt64 = 0
        var nonce: UInt32 = 0
    }

    private struct Entry: Comparable {
        let at: Int64
        let order: UInt64
        let event: Event

        static func < (a: Entry, b: Entry) -> Bool { a.at != b.at ? a.at < b.at : a.order < b.order }
        static func == (a: Entry, b: Entry) -> Bool { a.order == b.order }
    }

    private var heap = Heap<Entry>()
    private var order: UInt64 = 0

    mutating func add(_ event: Event, at time: NIODeadline) {
        order &+= 1
        heap.insert(Entry(at: Int64(time.uptimeNanoseconds), order: order, event: event))
    }

    mutating func next() -> (at: NIODeadline, event: Event)? {
        guard let entry = heap.popMin() else { return nil }
        return (.uptimeNanoseconds(UInt64(entry.at)), entry.event)
    }
}
