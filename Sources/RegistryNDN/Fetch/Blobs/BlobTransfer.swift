import NIOCore

/// One blob on its way, or a part of it: its segments, the octets that are here, who reads them, and how it ended.
///
/// Confined to whoever owns the core, like all that ``FetchCore`` holds.
package final class BlobTransfer {
    /// A reader that falls behind goes on alone with at most this many octets of the shared transfer.
    private static let detachedBacklog: UInt64 = 1 << 20
    /// How long octets in order wait for the rest of their slab: beyond 10 MB/s, or 3 when many blobs share the budget,
    /// slabs fill sooner and cost neither a copy nor its memory.
    private static let partialDelay = TimeAmount.milliseconds(50)
    /// How often readers learn what the transfer does while nothing is in order.
    private static let reportInterval = TimeAmount.milliseconds(250)

    /// Its number among those that share a path.
    package private(set) var id = 0
    /// What transfers of one blob that share a path have in common.
    private(set) var group = 0
    package let name: Name
    /// Which segments are here, asked for and lost.
    ///
    /// Touched for each packet, and by the core's one thread of calls alone: nothing that changes it calls back into who owns it.
    /// Swift's check of that at run time cost one instruction in sixteen of a packet.
    @safe @exclusivity(unchecked) package var segments: SegmentFetch
    /// Not all segments are here, and it did not fail; or its readers have not been told.
    package private(set) var isActive = true
    package private(set) var readers: [FetchReader]
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
    private var isAnnounced = false
    /// Offset of the next chunk in the blob.
    private(set) var delivered: UInt64 = 0
    /// The octets of the blob, or of its excerpt, that this transfer brings; all when its size is not known yet.
    let octets: Range<UInt64>
    /// Whose excerpt it brings; nil when its segments are all neighbours, and have their own numbers.
    let runs: SegmentRuns?
    /// What its readers want, in their order, while nothing but the blob's shape is asked for; nil when segments are.
    private var wanted: [BlobRange]?
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
    /// It cannot go on before its readers do.
    private(set) var awaitsReaders = false
    /// When readers were told of its statistics last.
    private var reportedAt = NIODeadline.uptimeNanoseconds(0)

    /// One that nobody reads.
    package convenience init(_ name: Name, _ segments: SegmentFetch) {
        self.init(name, segments, lifetime: nil)
    }

    init(
        _ name: Name, _ segments: SegmentFetch, lifetime: TimeAmount?, readers: [FetchReader] = [],
        octets: Range<UInt64> = 0..<UInt64.max, runs: SegmentRuns? = nil, isShared: Bool = true,
        wanted: [BlobRange]? = nil
    ) {
        self.name = name
        self.segments = segments
        self.octets = octets
        self.runs = runs
        self.wanted = wanted
        self.readers = readers
        openBegin = runs == nil ? readers.first?.openBegin.map { max($0, octets.lowerBound) } : nil
        let milliseconds = lifetime.map { UInt64(clamping: $0.nanoseconds / 1_000_000) }
        plain = PreparedInterest(prefix: name, mustBeFresh: false, lifetimeMilliseconds: milliseconds)
        fresh = PreparedInterest(prefix: name, mustBeFresh: true, lifetimeMilliseconds: milliseconds)
        if !isShared { early = nil }
    }

    /// It has a place among those that share a path.
    func isScheduled(as id: Int, group: Int) {
        self.id = id
        self.group = group
    }

    /// Nothing more is asked for, or delivered; what was delivered stays for those who come late.
    func end() {
        isActive = false
        reassembler = nil
        deliverBy = nil
        pause = nil
        if !segments.isComplete { dropEarly() }
    }

    /// What it has done so far.
    package func statistics(_ path: borrowing FetchPath) -> FetchStatistics {
        var statistics = segments.statistics
        statistics.outstanding = UInt64(segments.outstanding)
        statistics.smoothedRTT = path.rtt.smoothed
        statistics.minimumRTT = path.rtt.minimum
        statistics.window = path.window
        return statistics
    }

    // MARK: Segments in, chunks out

    /// Appends the Interest for a segment, by its number in the blob.
    ///
    /// - Returns: its octets.
    func write(_ interest: SegmentInterest, into train: inout ByteBuffer) -> Int {
        (interest.mustBeFresh ? fresh : plain).write(segment: interest.segment, nonce: interest.nonce, into: &train)
    }

    /// The number by which this transfer knows a segment of the blob that it has asked for and does not have; nil when it does not.
    func awaited(_ segment: UInt64) -> UInt64? {
        guard isActive, let rank = rank(of: segment), segments.awaited(rank) != nil else { return nil }
        return rank
    }

    /// The number by which this transfer knows a segment of the blob; nil when it does not.
    func rank(of segment: UInt64) -> UInt64? {
        guard let runs else { return segment }
        return runs.rank(of: segment)
    }

    /// Makes room for segments, once their size is known or guessed; what was there by another guess is gone.
    func begin(at segment: UInt64, chunk: Int, window: Int, slabSegments: Int, pool: SlabPool) {
        firstSegment = segment
        final = nil
        delivered = segment &* UInt64(chunk)
        slabOctets = slabSegments * chunk
        reassembler = SegmentReassembler(
            firstSegment: segment, chunkSize: chunk, window: window, slabSegments: slabSegments, pool: pool)
    }

    /// Keeps the payload of a segment that the state machine accepted.
    func place(_ segment: UInt64, _ payload: ByteBuffer) {
        guard let last = segments.geometry?.final else { return }
        if segment == last {
            // Copied, since a slice would hold the whole receive buffer for as long as the blob takes.
            final = (segment, ByteBuffer(bytes: payload.readableBytesView))
        } else {
            keep(segment, payload, final: last)
        }
    }

    private func keep(_ segment: UInt64, _ payload: ByteBuffer, final last: UInt64) {
        let placement = reassembler?.place(segment, payload, finalSegment: last)
        // Both have the same bounds. A segment that one of them counts and the other has not would be missing for ever.
        guard placement == .placed else {
            return segments.fail(.malformed("segment \(segment) has no place (\(placement, default: "none"))"))
        }
    }

    /// Hands over what is in order, and tells the end.
    ///
    /// - Parameter retained: octets that may be kept for readers who come late.
    func deliver(
        _ path: borrowing FetchPath, retained: Int, now: NIODeadline, _ actions: inout [FetchAction]
    ) {
        announce(&actions)
        if segments.isComplete, let (segment, payload) = final {
            final = nil
            keep(segment, payload, final: segment)
        }
        var chunks: [ByteBuffer] = []
        while let chunk = reassembler?.take() { chunks.append(chunk) }
        if isOverdue(delivered: !chunks.isEmpty, now: now) {
            while let chunk = reassembler?.take(partial: true) { chunks.append(chunk) }
            deliverBy = nil
        }
        if !chunks.isEmpty {
            reportedAt = now
            push(chunks, path, &actions)
        } else if now - reportedAt >= Self.reportInterval {
            reportedAt = now
            actions.append(.report(readers.map(\.id), statistics(path)))
        }
        if earlyOctets > retained { dropEarly() }
        if let outcome { for reader in readers { actions.append(.finish(reader.id, outcome, statistics(path))) } }
    }

    /// How it ended; nil while it goes on.
    private var outcome: Result<Void, FetchError>? {
        if let failure = segments.failure { return .failure(failure) }
        return segments.isComplete ? .success(()) : nil
    }

    /// Octets of the whole blob, once known.
    private var size: UInt64? { segments.size.map { runs?.shape.size ?? $0 } }

    private func announce(_ actions: inout [FetchAction]) {
        guard !isAnnounced, let size else { return }
        isAnnounced = true
        for reader in readers { actions.append(.open(reader.id, size: size)) }
    }

    private func isOverdue(delivered: Bool, now: NIODeadline) -> Bool {
        if segments.isOver || pause != nil && segments.base >= segments.limit { return true }
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

    private func push(_ chunks: [ByteBuffer], _ path: borrowing FetchPath, _ actions: inout [FetchAction]) {
        actions.append(.push(readers.map(\.id), chunks, offset: delivered, statistics(path)))
        let count = chunks.reduce(0) { $0 + $1.readableBytes }
        delivered += UInt64(count)
        guard early != nil else { return }
        early?.append(contentsOf: chunks)
        earlyOctets += count
    }

    private func dropEarly() {
        early = nil
        earlyOctets = 0
    }

    // MARK: Shape

    /// Nothing but the blob's shape is asked for, for readers of ranges.
    var isForShape: Bool { wanted != nil }

    /// Adds a reader of a range, to be started once the shape is known.
    func want(_ reader: FetchReader, _ range: BlobRange) {
        readers.append(reader)
        wanted?.append(range)
    }

    /// Its readers, each with the range that it wants.
    func takeWanted() -> [(reader: FetchReader, range: BlobRange)] {
        defer { readers = [] }
        return Array(zip(readers, wanted ?? []))
    }

    /// The segments that told the shape.
    func takeShapeSegments() -> ShapeSegments {
        defer { final = nil }
        return ShapeSegments(first: reassembler?.take(partial: true), final: final?.payload, audience: audience)
    }

    /// Where segments lie in the blob, and what its size may be while the length of its final one is not known.
    func place(of segments: Range<UInt64>) -> (octets: Range<UInt64>, sizes: ClosedRange<UInt64>)? {
        if let runs {
            let (shape, first) = (runs.shape, runs.segment(ofRank: segments.lowerBound))
            let begin = shape.geometry.offset(of: first)
            let end = min(begin + UInt64(segments.count) * UInt64(shape.geometry.chunk), shape.size)
            return (begin..<end, shape.size...shape.size)
        }
        guard let geometry = self.segments.geometry else { return nil }
        let before = geometry.offset(of: geometry.final)
        let sizes = self.segments.size.map { $0...$0 } ?? before + 1...before + UInt64(max(geometry.chunk, 1))
        let end = min(geometry.offset(of: segments.upperBound), sizes.upperBound)
        return (geometry.offset(of: segments.lowerBound)..<end, sizes)
    }

    // MARK: Readers

    /// Whether a reader may have what it brings.
    func admits(_ reader: FetchReader) -> Bool { audience == nil || reader.audience == audience }

    /// The reader whose way to other sources is taken for octets that the path does not give.
    var repairer: FetchReader? { readers.first { $0.canRepair(delivered: delivered) } }

    /// Whether a reader of the whole blob can still have all of it: its first octets are here.
    func serves(_ reader: FetchReader) -> Bool {
        admits(reader) && runs == nil && !isForShape && early != nil && octets == 0..<UInt64.max
    }

    /// Whether it brings `parts` of the blob, whose size is known, and has asked for the first of them: nobody waits for what comes
    /// before, which over a slow line may take longer than the reader has patience.
    ///
    /// - Parameter parts: at least one octet.
    func serves(_ reader: FetchReader, parts: BlobParts) -> Bool {
        guard let wanted = parts.hull, admits(reader), isActive, runs == nil, !isForShape, size != nil else {
            return false
        }
        return octets.contains(wanted.lowerBound) && wanted.upperBound <= octets.upperBound
            && wanted.lowerBound <= asked && (early != nil || wanted.lowerBound >= delivered)
    }

    /// Offset behind the last octet that it has asked for in sequence.
    private var asked: UInt64 {
        guard let geometry = segments.geometry else { return 0 }
        return geometry.offset(of: min(segments.unsent, geometry.final))
    }

    /// Adds a reader whom it serves.
    func join(_ reader: FetchReader, _ path: borrowing FetchPath, _ actions: inout [FetchAction]) {
        if let size { actions.append(.open(reader.id, size: size)) }
        if let early, !early.isEmpty {
            actions.append(
                .push([reader.id], early, offset: delivered - UInt64(earlyOctets), statistics(path)))
        }
        if !isActive, let outcome { actions.append(.finish(reader.id, outcome, statistics(path))) }
        readers.append(reader)
        if let begin = openBegin, let other = reader.openBegin {
            openBegin = max(begin, other)
        } else {
            openBegin = nil
            pause = nil
        }
    }

    /// Takes note of where its readers are.
    func note(_ progress: (FetchReader.ID, _ isAwaited: Bool) -> FetchReader.Progress) {
        for index in readers.indices { readers[index].note(progress(readers[index].id, awaitsReaders)) }
    }

    /// Parts with some of its readers.
    @discardableResult
    func dismiss(where condition: (FetchReader) -> Bool) -> [FetchReader] {
        let dismissed = readers.filter(condition)
        guard !dismissed.isEmpty else { return [] }
        wanted = wanted.map { zip(readers, $0).filter { !condition($0.0) }.map(\.1) }
        readers.removeAll(where: condition)
        return dismissed
    }

    /// Parts with readers that are gone, with those that have everything, and with those that have fallen too far behind.
    ///
    /// - Parameter allowance: octets that it may hold.
    /// - Returns: the last ones, each with the offset to go on from.
    func checkReaders(
        allowance: UInt64, _ actions: inout [FetchAction]
    ) -> [(reader: FetchReader, offset: UInt64)] {
        for reader in dismiss(where: { $0.progress.isGone || $0.progress.isDrained }) {
            actions.append(.release(reader.id))
        }
        // Who waits for what comes later is not fast.
        guard isActive, readers.count > 1,
            let fastest = readers.map({ min($0.progress.position, delivered) }).max()
        else { return [] }
        // A reader of a range that has only to take what is there already needs no transfer.
        let late = dismiss { reader in
            let position = reader.progress.position
            return fastest > position && fastest - position > allowance / 2
        }
        return late.compactMap { reader in
            guard reader.end > delivered else {
                actions.append(.release(reader.id))
                return nil
            }
            let offset = min(max(reader.progress.position, delivered), reader.progress.position + Self.detachedBacklog)
            actions.append(.truncate(reader.id, to: offset))
            return (reader, offset)
        }
    }

    /// Takes note of whether readers have to tell when they go on: it has ended, or less than half of what it may hold is left to be
    /// asked for.
    func noteDemand(allowance: Int) {
        let spare = segments.geometry.map { UInt64(allowance / 2 / max($0.chunk, 1)) }
        awaitsReaders = !isActive || spare.map { segments.unsent &+ $0 >= segments.limit } ?? false
    }

    /// The slowest reader's offset; nil when nobody is left.
    var slowest: UInt64? { readers.map(\.progress.position).min() }

    /// Octets that its readers took, and that may not have left yet.
    var heldOutside: Int {
        readers.reduce(0) { sum, reader in
            let held = reader.progress.isGone ? 0 : reader.progress.held
            return held == 0 ? sum : sum + held + Admission.outside
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
        let isReached = readers.contains { $0.progress.isWaiting && $0.progress.position >= end }
        if pause?.look(isReached: isReached, now: now) == false {
            openBegin = nil
            pause = nil
        }
    }
}
