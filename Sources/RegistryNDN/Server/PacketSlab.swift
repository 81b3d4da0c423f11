import NIOCore

/// The Data packets of consecutive segments of one blob, back to back in one buffer.
///
/// The headers are as long as the names need, so that payload octets go from HTTP straight to their final place. A packet
/// gets its header and signature when it is first asked for. Equal-sized packets leave as one slice of the buffer.
struct PacketSlab {
    /// Consecutive packets of one size; the segment number or the payload makes the next run another.
    private struct Run {
        let first: Int
        let count: Int
        /// Where its first packet begins in the slab.
        let start: Int
        let layout: SegmentPacketLayout

        var end: Int { start + count * layout.size }
    }

    /// FreshnessPeriod of every segment: a blob never changes (DESIGN.md, wire names).
    static let freshnessMilliseconds: UInt64 = 86_400_000

    let firstSegment: UInt64
    let count: Int
    /// Octets of all packets.
    let size: Int
    /// Packets whose payload is there, from the first on.
    private(set) var arrived = 0

    private let name: Name
    private let grid: SegmentGrid
    private let trailer: SegmentTrailer?
    private let runs: [Run]
    private(set) var storage: ByteBuffer
    private var isFinished: [Bool]
    /// Payload octets present of the packet after the last whole one.
    private var partial = 0

    /// Room for segments that `grid` has.
    ///
    /// - Parameters:
    ///   - trailer: How a key signs the packets, see `prepare`; nil for DigestSha256.
    ///   - storage: memory to use again; replaced when something else still refers to it.
    /// - Throws: `WireError.noSpace` when a packet would exceed 8800 octets.
    init(
        name: Name, grid: SegmentGrid, firstSegment: UInt64, count: Int, trailer: SegmentTrailer? = nil,
        storage: consuming ByteBuffer = ByteBuffer()
    ) throws(WireError) {
        self.name = name
        self.grid = grid
        self.trailer = trailer
        self.firstSegment = firstSegment
        self.count = count
        var runs: [Run] = []
        var index = 0
        while index < count {
            let layout = try Self.layout(name, grid, firstSegment + UInt64(index), trailer)
            let length = Self.runLength(grid, firstSegment + UInt64(index), limit: count - index)
            runs.append(Run(first: index, count: length, start: runs.last?.end ?? 0, layout: layout))
            index += length
        }
        self.runs = runs
        size = runs.last?.end ?? 0
        isFinished = Array(repeating: false, count: count)
        storage.clear(minimumCapacity: size)
        storage.moveWriterIndex(to: size)
        self.storage = storage
    }

    private static func layout(
        _ name: Name, _ grid: SegmentGrid, _ segment: UInt64, _ trailer: SegmentTrailer?
    ) throws(WireError) -> SegmentPacketLayout {
        try SegmentPacketLayout(
            prefix: name, segment: segment, finalSegment: grid.finalSegment, payloadLength: grid.payloadLength(segment),
            freshnessMilliseconds: freshnessMilliseconds, trailer: trailer)
    }

    /// Segments from `segment` on whose packets have the same size: the number as long, the payload full.
    private static func runLength(_ grid: SegmentGrid, _ segment: UInt64, limit: Int) -> Int {
        guard segment < grid.finalSegment else { return 1 }
        let lastOfWidth: UInt64 =
            switch segment {
            case 0...0xff: 0xff
            case 0...0xffff: 0xffff
            case 0...0xffff_ffff: 0xffff_ffff
            default: .max
            }
        let last = min(lastOfWidth, grid.finalSegment - 1)
        return Int(min(last - segment, UInt64(limit) - 1)) + 1
    }

    /// Octets of payload that are still to come.
    var missing: UInt64 {
        let begun = (firstSegment + UInt64(arrived)) * UInt64(grid.chunkSize) + UInt64(partial)
        let end = (firstSegment + UInt64(count)) * UInt64(grid.chunkSize)
        return min(end, grid.total) - min(begun, grid.total)
    }

    /// Copies the next octets of the blob to their places; false when there are more than fit.
    ///
    /// Packets handed out share the buffer's storage: their octets are not touched again. That is why memory is written
    /// behind ByteBuffer's back, whose copy-on-write would copy the whole slab for each arrival.
    mutating func write(_ octets: ByteBuffer) -> Bool {
        guard UInt64(octets.readableBytes) <= missing else { return false }
        unsafe octets.withUnsafeReadableBytes { source in
            var rest = unsafe source[...]
            while unsafe !rest.isEmpty {
                guard let run = run(of: arrived) else { return }
                let length = unsafe min(rest.count, run.layout.payloadLength - partial)
                let start = packetStart(arrived, run) + run.layout.payloadOffset + partial
                unsafe withSlot(start, length) { slot in
                    unsafe slot.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(length)))
                }
                unsafe rest = rest.dropFirst(length)
                partial += length
                if partial == run.layout.payloadLength { advance() }
            }
        }
        return true
    }

    /// An empty blob has nothing to write: its one packet is there at once.
    mutating func completeEmpty() {
        if grid.total == 0, arrived == 0 { advance() }
    }

    private mutating func advance() {
        arrived += 1
        partial = 0
    }

    /// Packets from `first` on, at most to `last`, that can leave in one train: equal in size, but the last may be shorter.
    ///
    /// All of them must have arrived, and be signed when a key signs. Otherwise headers and digests are written here, once.
    mutating func train(_ indexes: ClosedRange<Int>, hasher: inout SHA256) -> (octets: ByteBuffer, packetSize: Int)? {
        guard let first = run(of: indexes.lowerBound), let last = run(of: indexes.upperBound) else { return nil }
        for index in indexes where !isFinished[index] { finish(index, hasher: &hasher) }
        guard indexes.allSatisfy({ isFinished[$0] }) else { return nil }
        let start = packetStart(indexes.lowerBound, first)
        let end = packetStart(indexes.upperBound, last) + last.layout.size
        guard let octets = storage.getSlice(at: start, length: end - start) else { return nil }
        return (octets, first.layout.size)
    }

    /// Whether the packet at `index` can follow the one before it in a train.
    func follows(_ index: Int, trainFrom first: Int) -> Bool {
        guard let start = run(of: first), let run = run(of: index) else { return false }
        if run.first == start.first { return true }
        // Only one packet of another size, a smaller one, and directly behind the train.
        return run.layout.size < start.layout.size && index == run.first && start.first + start.count == index
    }

    /// Whether two packets have the same size.
    func isSameSize(_ a: Int, _ b: Int) -> Bool {
        run(of: a)?.layout.size == run(of: b)?.layout.size
    }

    private mutating func finish(_ index: Int, hasher: inout SHA256) {
        guard trailer == nil else { return }
        isFinished[index] = true
        guard let (layout, start) = place(of: index) else { return }
        unsafe withSlot(start, layout.size) { slot in
            unsafe layout.writeHeader(into: slot)
            unsafe layout.sign(slot, hasher: &hasher)
        }
    }

    /// Whether the packet can leave at once: it has its header and signature, or needs no key to get them.
    func isReady(_ index: Int) -> Bool { trailer == nil || isFinished[index] }

    /// Writes the header of a packet that has arrived, and hashes what a key is to sign; nil when a digest signs.
    mutating func prepare(_ index: Int, hasher: inout SHA256) -> SHA256Digest? {
        guard trailer != nil, let (layout, start) = place(of: index) else { return nil }
        var digest: SHA256Digest?
        unsafe withSlot(start, layout.size) { slot in
            unsafe layout.writeHeader(into: slot)
            digest = unsafe layout.prepare(slot, hasher: &hasher)
        }
        return digest
    }

    /// Completes a packet that was prepared.
    mutating func sign(_ index: Int, _ signature: ByteBuffer) {
        guard trailer != nil, !isFinished[index], let (layout, start) = place(of: index) else { return }
        unsafe withSlot(start, layout.size) { slot in
            isFinished[index] = unsafe layout.finish(slot, signature: signature)
        }
    }

    private func place(of index: Int) -> (SegmentPacketLayout, start: Int)? {
        guard let run = run(of: index),
            let layout = try? Self.layout(name, grid, firstSegment + UInt64(index), trailer)
        else { return nil }
        return (layout, packetStart(index, run))
    }

    private func run(of index: Int) -> Run? {
        runs.first { index < $0.first + $0.count }
    }

    private func packetStart(_ index: Int, _ run: Run) -> Int {
        run.start + (index - run.first) * run.layout.size
    }

    private func withSlot(_ start: Int, _ length: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        unsafe storage.withUnsafeReadableBytes { octets in
            let slot = unsafe UnsafeRawBufferPointer(rebasing: octets[start..<start + length])
            unsafe body(UnsafeMutableRawBufferPointer(mutating: slot))
        }
    }
}
