import NIOCore

/// One blob being fetched, and who reads it. Confined to the face's event loop.
final class BlobFetch {
    /// A reader that falls behind goes on alone with at most this many octets of the shared fetch.
    private static let detachedBacklog: UInt64 = 1 << 20
    /// How long octets in order wait for the rest of their slab: beyond 100 MB/s slabs fill sooner and cost no copy.
    private static let partialDelay = TimeAmount.milliseconds(5)

    let id: FetchScheduler.ID
    let name: Name
    let deadline: NIODeadline
    /// The scheduler knows this fetch: not all segments are here, and it did not fail.
    private(set) var isActive = true
    private(set) var readers: [ChunkQueue]
    private let plain: PreparedInterest
    private let fresh: PreparedInterest
    private var reassembler: SegmentReassembler?
    private var firstSegment: UInt64 = 0
    /// The final segment, which arrives long before its turn.
    private var final: (segment: UInt64, payload: ByteBuffer)?
    /// All chunks from the blob's begin, for readers who come late; nil once they are too many.
    private var early: [ByteBuffer]? = []
    private var earlyOctets = 0
    private var size: UInt64?
    /// Octets of the first chunk that come before the reader's offset.
    private var skip: Int
    /// When octets in order go out although their slab is not whole.
    private(set) var deliverBy: NIODeadline?
    private var statistics = FetchStatistics()
    private var outcome: Result<Void, FetchError>?

    init(
        id: FetchScheduler.ID, name: Name, lifetime: TimeAmount?, deadline: NIODeadline, reader: ChunkQueue,
        skip: Int = 0, isShared: Bool = true
    ) {
        self.id = id
        self.name = name
        self.deadline = deadline
        self.skip = skip
        readers = [reader]
        let milliseconds = lifetime.map { UInt64(clamping: $0.nanoseconds / 1_000_000) }
        plain = PreparedInterest(prefix: name, mustBeFresh: false, lifetimeMilliseconds: milliseconds)
        fresh = PreparedInterest(prefix: name, mustBeFresh: true, lifetimeMilliseconds: milliseconds)
        if !isShared { early = nil }
    }

    /// Appends the Interest for a segment.
    ///
    /// - Returns: its octets.
    func write(_ interest: SegmentInterest, nonce: UInt32, into train: inout ByteBuffer) -> Int {
        (interest.mustBeFresh ? fresh : plain).write(segment: interest.segment, nonce: nonce, into: &train)
    }

    // MARK: Segments in, chunks out

    /// Makes room for segments, once their size is known.
    func begin(at segment: UInt64, chunk: Int, window: Int, pool: SlabPool) {
        firstSegment = segment
        reassembler = SegmentReassembler(firstSegment: segment, chunkSize: chunk, window: window, pool: pool)
    }

    /// Keeps the payload of a segment that the state machine accepted.
    func place(_ segment: UInt64, _ payload: ByteBuffer, final last: UInt64) {
        if segment == last {
            // Copied, since a slice would hold the whole receive buffer for as long as the blob takes.
            final = (segment, ByteBuffer(bytes: payload.readableBytesView))
        } else {
            _ = reassembler?.place(segment, payload, finalSegment: last)
        }
    }

    /// Hands over what is in order.
    ///
    /// - Parameter retained: octets that may be kept for readers who come late.
    func deliver(_ fetch: borrowing SegmentFetch, _ path: borrowing FetchPath, retained: Int, now: NIODeadline) {
        note(fetch, path)
        announce(fetch.size)
        if fetch.isComplete { placeFinal() }
        var chunks: [ByteBuffer] = []
        while let chunk = reassembler?.take() { append(chunk, to: &chunks) }
        if isOverdue(fetch, delivered: !chunks.isEmpty, now: now) {
            while let chunk = reassembler?.take(partial: true) { append(chunk, to: &chunks) }
            deliverBy = nil
        }
        push(chunks, retained: retained)
        if fetch.isComplete {
            finish(.success(()))
        } else if let failure = fetch.failure {
            finish(.failure(failure))
        }
    }

    private func note(_ fetch: borrowing SegmentFetch, _ path: borrowing FetchPath) {
        statistics = fetch.statistics
        statistics.smoothedRTT = path.rtt.smoothed
        statistics.minimumRTT = path.rtt.minimum
        statistics.window = path.window
    }

    private func announce(_ known: UInt64?) {
        guard size == nil, let known else { return }
        size = known
        for reader in readers { reader.open(size: known) }
    }

    private func placeFinal() {
        guard let (segment, payload) = final else { return }
        final = nil
        _ = reassembler?.place(segment, payload, finalSegment: segment)
    }

    private func isOverdue(_ fetch: borrowing SegmentFetch, delivered: Bool, now: NIODeadline) -> Bool {
        if fetch.isOver { return true }
        guard (reassembler?.firstMissing ?? 0) > deliveredSegments else {
            deliverBy = nil
            return false
        }
        if delivered || deliverBy == nil {
            deliverBy = now + Self.partialDelay
            return false
        }
        return deliverBy.map { now >= $0 } ?? false
    }

    /// The first segment whose octets were not handed over.
    private var deliveredSegments: UInt64 {
        let chunk = reassembler?.chunkSize ?? 0
        return chunk == 0 ? 0 : firstSegment &+ (reassembler?.takenOctets ?? 0) / UInt64(chunk)
    }

    private func append(_ chunk: ByteBuffer, to chunks: inout [ByteBuffer]) {
        var chunk = chunk
        if skip > 0 {
            let part = min(skip, chunk.readableBytes)
            chunk.moveReaderIndex(forwardBy: part)
            skip -= part
        }
        if chunk.readableBytes > 0 { chunks.append(chunk) }
    }

    private func push(_ chunks: [ByteBuffer], retained: Int) {
        guard !chunks.isEmpty else { return }
        for reader in readers { reader.push(chunks, statistics: statistics) }
        guard early != nil else { return }
        early?.append(contentsOf: chunks)
        earlyOctets += chunks.reduce(0) { $0 + $1.readableBytes }
        if earlyOctets > retained { early = nil }
    }

    private func finish(_ outcome: Result<Void, FetchError>) {
        guard isActive else { return }
        isActive = false
        self.outcome = outcome
        reassembler = nil
        deliverBy = nil
        if case .failure = outcome { early = nil }
        for reader in readers { reader.finish(outcome, statistics: statistics) }
    }

    /// Nobody reads any more.
    func abandon() {
        isActive = false
        reassembler = nil
        early = nil
        deliverBy = nil
    }

    // MARK: Readers

    /// Adds a reader from the blob's begin, if its first octets are still here.
    func join(_ reader: ChunkQueue) -> Bool {
        guard let early else { return false }
        if let size { reader.open(size: size) }
        reader.push(early, statistics: statistics)
        if let outcome { reader.finish(outcome, statistics: statistics) }
        readers.append(reader)
        return true
    }

    /// Forgets readers that are gone, and those that have everything.
    ///
    /// - Parameters:
    ///   - allowance: octets this fetch may hold.
    ///   - isLow: whether readers have to tell when they go on.
    /// - Returns: the slowest reader's offset, and readers that fell too far behind, with the offset to go on from;
    ///   they are no longer readers of this fetch. The offset is nil when nobody is left.
    func checkReaders(
        allowance: UInt64, isLow: Bool
    ) -> (slowest: UInt64?, detached: [(reader: ChunkQueue, offset: UInt64)]) {
        var positions: [(reader: ChunkQueue, position: UInt64)] = []
        for reader in readers {
            let progress = reader.progress(awaiting: isLow || !isActive)
            if !progress.isGone && !progress.isDrained { positions.append((reader, progress.position)) }
        }
        var detached: [(reader: ChunkQueue, offset: UInt64)] = []
        if isActive, let fastest = positions.map(\.position).max() {
            positions.removeAll { reader, position in
                guard fastest - position > allowance / 2 else { return false }
                detached.append((reader, reader.truncate(keeping: Self.detachedBacklog)))
                return true
            }
        }
        if positions.count != readers.count { readers = positions.map(\.reader) }
        return (positions.map(\.position).min(), detached)
    }
}
