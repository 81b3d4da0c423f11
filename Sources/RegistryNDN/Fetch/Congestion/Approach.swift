import NIOCore

/// How much of a blob may be on its way while nobody knows how far it is.
///
/// A router with a cache is two paths behind one face: what the cache has is here within a millisecond, and the window that this
/// allows would flood the line behind it. So where answers came from near, a blob begins as on a path of its own: with a first window,
/// which grows by a segment for each that takes no longer than the first ones did.
struct Approach: Sendable {
    /// What a queue may add to the round-trip time of the first answers before growth stops.
    private static let queue = (share: 1.5, more: TimeAmount.milliseconds(2))
    /// So many flights without growth, and the path's controller has seen as many rounds of this blob as it looks back on.
    private static let patience = 12

    /// Segments that may be in flight.
    private(set) var limit: Int
    private var least = TimeAmount.nanoseconds(.max)
    private var withoutGrowth = 0

    init(limit: Int) { self.limit = limit }

    /// Nothing is to be learnt any more.
    var isOver: Bool { withoutGrowth > Self.patience * limit }

    /// Round-trip time of an answer.
    mutating func received(_ rtt: TimeAmount) {
        least = min(least, rtt)
        let most = Double(least.nanoseconds) * Self.queue.share + Double(Self.queue.more.nanoseconds)
        if Double(rtt.nanoseconds) <= most {
            limit += 1
            withoutGrowth = 0
        } else {
            withoutGrowth += 1
        }
    }
}

/// Where a blob is, beside what came before it.
enum BlobOrigin: UInt8, Sendable {
    case unanswered
    /// As near as what came before, out of the same cache.
    case near
    /// Elsewhere, while what came before is near.
    case far
    /// Wherever what came before is, which is not near.
    case usual
}
