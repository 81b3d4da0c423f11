internal import NDN
import NIOCore

/// The memory of the cache's ranges: what each takes of the budget, which goes first when there is no room, and the buffers
/// of those that went.
///
/// `RangeCache` decides what a range is for; this only keeps account of it.
struct RangeStore {
    /// Bytes that a range takes beside its packets.
    static let rangeOverhead = 1024

    private let configuration: RangeCache.Configuration
    /// Bytes of the budget in use by ranges.
    private(set) var octets = 0
    /// Memory of ranges that went, to be used again: touching new memory costs more than copying into it.
    private(set) var spares: [ByteBuffer] = []
    private var usage = UsageList()

    init(_ configuration: RangeCache.Configuration) { self.configuration = configuration }

    /// Bytes that a range will take, before its packets are laid out.
    func estimate(_ range: CachedRange) -> Int { estimatedPackets(range) + Self.rangeOverhead }

    private func estimatedPackets(_ range: CachedRange) -> Int {
        let header = range.blob.name.value.readableBytes + 128 + (configuration.trailer?.size ?? 0)
        return range.count * (configuration.chunkSize + header)
    }

    /// Counts what a range will take, before its packets are laid out.
    mutating func reserve(_ range: CachedRange) { setCost(of: range, to: estimate(range)) }

    /// Lays the packets of a range out, in memory that is used again if there is some, and counts what they take.
    mutating func layOut(_ range: CachedRange, _ shape: BlobShape) throws(WireError) -> SlabLayout {
        let layout = try SlabLayout(
            name: range.blob.name, shape: shape, firstSegment: range.firstSegment, count: range.count,
            trailer: configuration.trailer, storage: takeSpare(for: estimatedPackets(range)))
        setCost(of: range, to: layout.size + Self.rangeOverhead)
        range.slab = PacketSlab(layout)
        return layout
    }

    private mutating func setCost(of range: CachedRange, to cost: Int) {
        octets += cost - range.cost
        range.cost = cost
    }

    /// A complete range is used: it is the last to go.
    mutating func use(_ range: CachedRange) { usage.use(range) }

    func hasRoom(for cost: Int) -> Bool { octets + cost <= configuration.capacity }

    /// The range that is to go next to make room for `cost` bytes; nil when there is room, or no range may go.
    ///
    /// - Parameter onlyConsumed: whether only those may go that have been sent to their end.
    func surplus(for cost: Int, onlyConsumed: Bool) -> CachedRange? {
        guard !hasRoom(for: cost) else { return nil }
        // A tail stays as long as its blob is in use: the next client asks for it right after segment 0.
        return usage.first { $0.isTail ? $0.blob.ranges.isEmpty : !onlyConsumed || $0.isConsumed }
    }

    /// A range leaves the cache: it costs nothing any more, and its memory is kept for `readers` others and one more.
    mutating func remove(_ range: CachedRange, readers: Int) {
        usage.remove(range)
        setCost(of: range, to: 0)
        if let layout = range.slab?.layout, layout.count > 1 { spares.append(layout.storage) }
        range.slab = nil
        spares.removeFirst(max(0, spares.count - readers - 1))
    }

    /// Memory for about `size` bytes: not for so few that most of it would lie idle without being counted.
    private mutating func takeSpare(for size: Int) -> ByteBuffer {
        guard let index = spares.firstIndex(where: { $0.storageCapacity / 2 <= size }) else { return ByteBuffer() }
        return spares.remove(at: index)
    }
}
