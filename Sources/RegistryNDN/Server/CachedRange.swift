internal import NDN
import NIOCore

/// Consecutive segments of a blob that are read from the registry with one request. Confined to the server's event loop.
final class CachedRange {
    enum State {
        /// The range waits for its turn to be read.
        case queued
        case reading
        case complete
        /// No longer in the cache; its packets may still be on their way out.
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
    /// How often it has been read in vain, one time after the other.
    var failures = 0
    var slab: PacketSlab?
    /// What makes its packets while it is read, where that happens on the event loop.
    private var filler: SlabFiller?
    /// Whether its last packet was there when somebody asked for it: whoever reads in sequence is done with the range then.
    var isConsumed = false
    /// Bytes that it takes of the cache's budget.
    var cost = 0
    /// Who waits for a packet, by segment; empty when the range is complete.
    var waiters: [WaiterTable.Head]
    /// Who waits for the signature of a packet, by segment; nobody where the packet is signed ahead.
    var signing: [Int: [Waiter]] = [:]
    /// To which face each packet left last, and when; empty until one leaves to a face on another machine.
    private var departures: [Departure] = []
    /// When the last of those who wait gives up.
    var latestExpiry = NIODeadline.distantPast
    /// Its neighbours in the list of complete ranges by their last use.
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

    /// Makes packets of the next bytes.
    func pack(_ octets: ByteBuffer) -> SlabFiller.Filled {
        if filler == nil, let layout = slab?.layout { filler = SlabFiller(layout) }
        return filler?.fill(octets) ?? SlabFiller.Filled()
    }

    /// No more packets are made.
    func endPacking() { filler = nil }

    private struct Departure {
        var face: UInt64 = 0
        var time = NIODeadline.distantPast
    }

    /// How long ago the packet left to a face; nil when it did not, or to another face since.
    func age(of index: Int, at face: UInt64, now: NIODeadline) -> TimeAmount? {
        guard index < departures.count, departures[index].face == face else { return nil }
        return now - departures[index].time
    }

    /// The packet leaves to a face.
    func noteDeparture(of index: Int, to face: UInt64, now: NIODeadline) {
        // By then it is known how many segments exist.
        if departures.isEmpty { departures = Array(repeating: Departure(), count: count) }
        guard index < departures.count else { return }
        departures[index] = Departure(face: face, time: now)
    }

    func noteAsked(_ index: Int) {
        if index == count - 1 { isConsumed = true }
    }

    /// All who wait, and still do, with the segment that each waits for; nobody is left.
    func takeWaiters(from table: inout WaiterTable, now: NIODeadline) -> [(segment: UInt64, waiter: Waiter)] {
        var taken: [(UInt64, Waiter)] = []
        for index in waiters.indices where waiters[index] != WaiterTable.none {
            table.take(&waiters[index]) { waiter in
                if waiter.expires > now { taken.append((firstSegment + UInt64(index), waiter)) }
            }
        }
        return taken
    }

    var hasBytes: Bool { hasArrived(0) }

    func hasArrived(_ index: Int) -> Bool { index < slab?.arrived ?? 0 }
}
