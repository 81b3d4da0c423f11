internal import NDN
import NIOCore

/// Consecutive segments of a blob that are read from the registry with one request. Confined to the server's event loop.
final class CachedRange {
    enum State {
        /// Waits for its turn to be read.
        case queued
        case reading
        case complete
        /// No longer in the cache; packets may still be on their way out.
        case gone
    }

    let id: Int
    unowned let blob: CachedBlob
    let firstSegment: UInt64
    /// Segments asked for; once the size of the blob is known, those that exist.
    var count: Int
    /// The final segment alone: small, so that the question for the size is answered fast.
    let isTail: Bool
    var state = State.queued
    var slab: PacketSlab?
    /// What fills it, while it is read, where that happens on the event loop.
    private var filler: SlabFiller?
    /// Its last packet was there when asked for: whoever reads in sequence is done with it.
    var isConsumed = false
    /// What it takes of the cache's budget.
    var cost = 0
    /// By segment; empty when complete.
    var waiters: [WaiterTable.Head]
    /// Who waits for a signature, by segment; nobody for one that is signed ahead.
    var signing: [Int: [Waiter]] = [:]
    /// When the last of them gives up.
    var latestExpiry = NIODeadline.distantPast
    unowned var older: CachedRange?
    unowned var newer: CachedRange?

    init(id: Int, blob: CachedBlob, firstSegment: UInt64, count: Int, isTail: Bool) {
        self.id = id
        self.blob = blob
        self.firstSegment = firstSegment
        self.count = count
        self.isTail = isTail
        waiters = Array(repeating: WaiterTable.none, count: count)
    }

    /// The segment's place in this range, or nil when it is not in it.
    func index(of segment: UInt64) -> Int? {
        guard segment >= firstSegment, segment - firstSegment < UInt64(count) else { return nil }
        return Int(segment - firstSegment)
    }

    /// Whether the packet has arrived and can leave at once.
    func isReady(_ index: Int) -> Bool { slab?.isReady(index) ?? false }

    /// Makes packets of the next octets.
    func pack(_ octets: ByteBuffer) -> SlabFiller.Filled {
        if filler == nil, let layout = slab?.layout { filler = SlabFiller(layout) }
        return filler?.fill(octets) ?? SlabFiller.Filled()
    }

    /// Nothing is packed any more.
    func endPacking() {
        filler = nil
    }

    func noteAsked(_ index: Int) {
        if index == count - 1 { isConsumed = true }
    }

    func hasArrived(_ index: Int) -> Bool { index < slab?.arrived ?? 0 }
}

/// What is known of one blob. Confined to the server's event loop.
final class CachedBlob {
    /// Why it is not asked for again at once.
    struct Hold {
        let until: NIODeadline
        /// The registry said that there is no such blob, or does not give it as it must: whoever asks is told.
        let isUnknown: Bool
    }

    let name: Name
    let blob: BlobName
    /// Nil while the size is unknown.
    var grid: SegmentGrid?
    /// By number, the first segment divided by the segments of a range.
    var ranges: [UInt64: CachedRange] = [:]
    var tail: CachedRange?
    var hold: Hold?
    /// Who asked whether it exists.
    var inquirers = WaiterTable.none
    /// The range last asked for, and how many in a row before it.
    var lastNumber: UInt64?
    var sequence = 0

    init(name: Name, blob: BlobName) {
        self.name = name
        self.blob = blob
    }

    var isEmpty: Bool { ranges.isEmpty && tail == nil }

    /// Notes that range `number` is asked for.
    func asked(for number: UInt64) {
        guard let last = lastNumber, last != number else {
            if lastNumber == nil {
                lastNumber = number
                sequence = 1
            }
            return
        }
        // What is asked again from the range before does not break a sequence.
        if number &+ 1 == last { return }
        sequence = number == last &+ 1 ? sequence + 1 : 1
        lastNumber = number
    }
}
