import NIOCore

/// One blob being fetched, and who reads it. Confined to the face's event loop.
final class BlobFetch {
    /// A reader that falls behind goes on alone with at most this many octets of the shared fetch.
    private static let detachedBacklog: UInt64 = 1 << 20
    /// How long octets in order wait for the rest of their slab: beyond 10 MB/s, or 3 when many blobs share the budget,
    /// slabs fill sooner and cost neither a copy nor its memory.
    private static let partialDelay = TimeAmount.milliseconds(50)
    /// How often readers learn what the fetch does while nothing is in order.
    private static let reportInterval = TimeAmount.milliseconds(250)

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
    /// Octets beyond the slowest reader that it was allowed to ask for.
    var granted: UInt64 = 0
    /// Octets of the buffers in which they go out, at most.
    private(set) var slabOctets = 0
    /// The final segment, which arrives long before its turn.
    private var final: (segment: UInt64, payload: ByteBuffer)?
    /// All chunks from the blob's begin, for readers who come late; nil once they are too many.
    private var early: [ByteBuffer]? = []
    private(set) var earlyOctets = 0
    private var size: UInt64?
    /// Offset of the next chunk in the blob.
    private(set) var delivered: UInt64 = 0
    /// The octets of the blob, or of its excerpt, that this fetch brings; all when its size is not known yet.
    let octets: Range<UInt64>
    /// Whose excerpt it brings; nil when its segments are all neighbours, and have their own numbers.
    let runs: SegmentRuns?
    /// What is wanted by readers of ranges, while only the blob's shape is asked for; nil when segments are.
    private(set) var shapeWanted: [(reader: ChunkQueue, range: BlobRange)]?
    /// When octets in order go out although their slab is not whole.
    private(set) var deliverBy: NIODeadline?
    /// From where on those read who may hang up at any time; nil when somebody reads all that there is.
    private var openBegin: UInt64?
    /// Where they are expected to hang up.
    private(set) var pause: ReadPause?
    /// Whom it is for, since some of its octets came with the credentials of a reader; nil: for everybody.
    var audience: SHA256Digest?
    /// Requests for holes that are not answered.
    var repairs = 0
    private var statistics = FetchStatistics()
    /// When readers were told of them last.
    private var reportedAt = NIODeadline.uptimeNanoseconds(0)
    private var outcome: Result<Void, FetchError>?

    init(
        id: FetchScheduler.ID, name: Name, lifetime: TimeAmount?, deadline: NIODeadline, reader: ChunkQueue,
        octets: Range<UInt64> = 0..<UInt64.max, runs: SegmentRuns? = nil, isShared: Bool = true
    ) {
        self.id = id
        self.name = name
        self.deadline = deadline
        self.octets = octets
        self.runs = runs
        readers = [reader]
        openBegin = runs == nil ? reader.openBegin.map { max($0, octets.lowerBound) } : nil
        let milliseconds = lifetime.map { UInt64(clamping: $0.nanoseconds / 1_000_000) }
        plain = PreparedInterest(prefix: name, mustBeFresh: false, lifetimeMilliseconds: milliseconds)
        fresh = PreparedInterest(prefix: name, mustBeFresh: true, lifetimeMilliseconds: milliseconds)
        if !isShared { early = nil }
    }

    /// Appends the Interest for a segment.
    ///
    /// - Returns: its octets.
    func write(_ interest: SegmentInterest, nonce: UInt32, into train: inout ByteBuffer) -> Int {
        let segment = runs?.segment(ofRank: interest.segment) ?? interest.segment
        return (interest.mustBeFresh ? fresh : plain).write(segment: segment, nonce: nonce, into: &train)
    }

    /// The number by which this fetch knows a segment of the blob; nil when it does not.
    func rank(of segment: UInt64) -> UInt64? {
        guard let runs else { return segment }
        return runs.rank(of: segment)
    }

    // MARK: Segments in, chunks out

    /// Makes room for segments, once their size is known.
    func begin(at segment: UInt64, chunk: Int, window: Int, slabSegments: Int, pool: SlabPool) {
        firstSegment = segment
        delivered = segment &* UInt64(chunk)
        slabOctets = slabSegments * chunk
        reassembler = SegmentReassembler(
            firstSegment: segment, chunkSize: chunk, window: window, slabSegments: slabSegments, pool: pool)
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
        while let chunk = reassembler?.take() { chunks.append(chunk) }
        if isOverdue(fetch, delivered: !chunks.isEmpty, now: now) {
            while let chunk = reassembler?.take(partial: true) { chunks.append(chunk) }
            deliverBy = nil
        }
        push(chunks)
        report(chunks.isEmpty, now: now)
        if earlyOctets > retained { dropEarly() }
        if fetch.isComplete {
            finish(.success(()))
        } else if let failure = fetch.failure {
            finish(.failure(failure))
        }
    }

    private func note(_ fetch: borrowing SegmentFetch, _ path: borrowing FetchPath) {
        statistics = fetch.statistics
        statistics.outstanding = UInt64(fetch.outstanding)
        statistics.smoothedRTT = path.rtt.smoothed
        statistics.minimumRTT = path.rtt.minimum
        statistics.window = path.window
    }

    private func announce(_ known: UInt64?) {
        guard size == nil, let known else { return }
        size = known
        for reader in readers { reader.open(size: runs?.shape.size ?? known) }
    }

    private func placeFinal() {
        guard let (segment, payload) = final else { return }
        final = nil
        _ = reassembler?.place(segment, payload, finalSegment: segment)
    }

    private func isOverdue(_ fetch: borrowing SegmentFetch, delivered: Bool, now: NIODeadline) -> Bool {
        if fetch.isOver || pause != nil && fetch.base >= fetch.limit { return true }
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

    private func push(_ chunks: [ByteBuffer]) {
        guard !chunks.isEmpty else { return }
        for reader in readers { reader.push(chunks, at: delivered, statistics: statistics) }
        let count = chunks.reduce(0) { $0 + $1.readableBytes }
        delivered += UInt64(count)
        guard early != nil else { return }
        early?.append(contentsOf: chunks)
        earlyOctets += count
    }

    private func report(_ isSilent: Bool, now: NIODeadline) {
        if isSilent, now - reportedAt < Self.reportInterval { return }
        reportedAt = now
        // What was pushed has told it.
        if isSilent { for reader in readers { reader.report(statistics) } }
    }

    private func dropEarly() {
        early = nil
        earlyOctets = 0
    }

    private func finish(_ outcome: Result<Void, FetchError>) {
        guard isActive else { return }
        isActive = false
        self.outcome = outcome
        reassembler = nil
        deliverBy = nil
        pause = nil
        if case .failure = outcome { dropEarly() }
        for reader in readers { reader.finish(outcome, statistics: statistics) }
    }

    // MARK: Shape

    /// Adds a reader of a range, to be started once the shape is known.
    func want(_ range: BlobRange, for reader: ChunkQueue) {
        shapeWanted = (shapeWanted ?? []) + [(reader, range)]
    }

    /// Those who wait for the shape and are not gone.
    func shapeStillWanted() -> [(reader: ChunkQueue, range: BlobRange)] {
        shapeWanted?.removeAll { $0.reader.progress(awaiting: false).isGone }
        return shapeWanted ?? []
    }

    /// The segments that told the shape.
    func takeShapeSegments() -> ShapeSegments {
        defer { final = nil }
        return ShapeSegments(
            first: reassembler?.take(partial: true), final: final?.payload, audience: audience)
    }

    /// Nobody reads any more.
    func abandon() {
        isActive = false
        reassembler = nil
        dropEarly()
        deliverBy = nil
        pause = nil
    }

    // MARK: Readers

    /// Adds a reader of the whole blob, if its first octets are still here.
    func join(_ reader: ChunkQueue) -> Bool {
        guard admits(reader), runs == nil, octets.lowerBound == 0, octets.upperBound == .max, shapeWanted == nil,
            early != nil
        else { return false }
        take(reader)
        return true
    }

    /// Adds a reader of `parts` of a blob whose size is known, if this fetch brings them, and has asked for the first of them: nobody
    /// waits for what comes before, which over a slow line may take longer than the reader has patience.
    ///
    /// - Parameters:
    ///   - parts: at least one octet.
    ///   - asked: offset behind the last octet that it has asked for.
    func join(_ reader: ChunkQueue, for parts: BlobParts, asked: UInt64) -> Bool {
        guard let wanted = parts.hull, admits(reader), isActive, runs == nil, shapeWanted == nil, size != nil,
            octets.contains(wanted.lowerBound), wanted.upperBound <= octets.upperBound,
            wanted.lowerBound <= asked, early != nil || wanted.lowerBound >= delivered
        else { return false }
        reader.restrict(to: parts)
        take(reader)
        return true
    }

    private func take(_ reader: ChunkQueue) {
        if let size { reader.open(size: size) }
        if let early { reader.push(early, at: delivered - UInt64(earlyOctets), statistics: statistics) }
        if let outcome { reader.finish(outcome, statistics: statistics) }
        readers.append(reader)
        if let begin = openBegin, let other = reader.openBegin {
            openBegin = max(begin, other)
        } else {
            openBegin = nil
            pause = nil
        }
    }

    // MARK: Pausing

    /// Takes note of where its readers are expected to hang up.
    func expectEnd(_ habits: ReadHabits) {
        guard isActive, let openBegin, let end = habits.end(of: name, from: openBegin) else { return }
        if pause == nil { pause = ReadPause(end: end) } else { pause?.expect(end) }
    }

    /// Goes on where they were expected to hang up and have not.
    func lookAtPause(now: NIODeadline) {
        guard let end = pause?.end, isActive else { return }
        let isReached = readers.contains { $0.waits(at: end) }
        if pause?.look(isReached: isReached, now: now) == false {
            openBegin = nil
            pause = nil
        }
    }

    /// Everybody who waits for something of it.
    var audienceHere: [ChunkQueue] { shapeWanted?.map(\.reader) ?? readers }

    /// Parts with the readers that its octets are not for.
    func dismissOthers() -> [ChunkQueue] {
        let others = audienceHere.filter { !admits($0) }
        readers.removeAll { !admits($0) }
        shapeWanted?.removeAll { !admits($0.reader) }
        return others
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
        if readers.count == 1 {
            let progress = readers[0].progress(awaiting: isLow || !isActive)
            guard progress.isGone || progress.isDrained else { return (progress.position, []) }
            readers = []
            return (nil, [])
        }
        var positions: [(reader: ChunkQueue, position: UInt64)] = []
        var served: [ChunkQueue] = []
        for reader in readers {
            let progress = reader.progress(awaiting: isLow || !isActive)
            guard !progress.isGone && !progress.isDrained else { continue }
            if progress.isServed && isActive { served.append(reader) }
            positions.append((reader, progress.position))
        }
        var detached: [(reader: ChunkQueue, offset: UInt64)] = []
        // Who waits for what comes later is not fast.
        if isActive, let fastest = positions.map({ min($0.position, delivered) }).max() {
            positions.removeAll { reader, position in
                guard fastest > position, fastest - position > allowance / 2 else { return false }
                // A reader of a range that has only to take what is there already needs no fetch.
                guard !served.contains(where: { $0 === reader }) else { return true }
                detached.append((reader, reader.truncate(keeping: Self.detachedBacklog)))
                return true
            }
        }
        if positions.count != readers.count { readers = positions.map(\.reader) }
        return (positions.map(\.position).min(), detached)
    }
}
