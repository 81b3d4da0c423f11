import DequeModule
internal import NDN
import NIOCore

/// What the server knows and reads: ranges of blobs as finished Data packets, each read once however many ask for it.
///
/// Logic only: the caller performs the reads that `nextRead` names, and tells what became of them. A budget of memory holds
/// for everything, ranges that are being read included.
struct RangeCache {
    struct Configuration: Sendable {
        var prefix: Name
        /// Which repositories are served; all when empty.
        var repositories: [RepositoryPattern] = []
        var chunkSize = 7777
        /// Segments of a range.
        var fetchChunks = 512
        /// Bytes of packets that are kept and being read.
        var capacity = 64 << 20
        /// Bytes that a stream of reads has on their way to the packets, at most. They count also while the stream waits.
        var readBuffer = 0
        /// Reads at a time.
        var concurrency = 8
        /// Lookups of blobs that turn out not to exist: how many a second, and how many at once.
        var misses = 30.0
        var missBurst = 16.0
        /// Blobs without ranges that are known to exist.
        var maximumKnown = 4096
        /// How a key signs packets; nil for DigestSha256.
        var trailer: SegmentTrailer?
        /// Interests that may wait for Data.
        var maximumWaiters = 65_536
        /// How long an unknown blob is not asked for again.
        var unknownHold = TimeAmount.seconds(1)
        /// How long a blob is not asked for again after a failed read.
        var failureHold = TimeAmount.milliseconds(100)
        /// How long a blob is not asked for again that the registry cannot give from where it is wanted.
        var outOfReachHold = TimeAmount.hours(1)

        init(prefix: Name) {
            self.prefix = prefix
        }
    }

    /// What an Interest meets.
    enum Lookup {
        case hit(CachedRange, index: Int)
        /// The Interest is noted; `nextRead` may have something to do.
        case waiting
        /// The blob is not to be had here: the registry does not have it, or not so that it could be served.
        case unknown
        /// The registry is away: whoever asks is told to ask elsewhere, or again. `nextRead` may have something to do all the same.
        case refused
        /// No answer: the name is none of ours, the segment does not exist, or there is too much to do.
        case ignored
    }

    /// Segments beyond this are never looked up: far more than a blob can have, and nothing overflows.
    static let maximumSegment: UInt64 = 1 << 40

    let configuration: Configuration
    private(set) var blobs: BlobTable
    private(set) var store: RangeStore
    private(set) var queue: ReadQueue<CachedRange>
    private(set) var waiters: WaiterTable
    /// The ranges that are being read, by the number of the read.
    private var reading: [Int: CachedRange] = [:]
    /// Ranges to be read though nobody has asked for them yet.
    private var ahead: Deque<CachedRange> = []
    /// Ranges that somebody waits for, of blobs that are not to be asked for yet.
    private var postponed: Deque<(until: NIODeadline, range: CachedRange, waiter: Waiter)> = []
    private static let maximumPostponed = 256
    /// How often a range is read in vain before those who wait for it are forgotten.
    private static let maximumFailures = 8
    private(set) var outage = RegistryOutage()
    /// Who of those who wait is to be told.
    var refused = RefusedInterests()
    /// The host that a face's Interests count for, where it is not the face itself.
    var hosts: [UInt64: PeerHost] = [:]
    /// Reads that were given up because too many waited.
    private(set) var shed: UInt64 = 0
    /// Ranges that left to make room for others.
    private(set) var evictions: UInt64 = 0
    private var nextID = 0
    private var nextSweep = NIODeadline.distantPast

    init(_ configuration: Configuration) {
        self.configuration = configuration
        blobs = BlobTable(configuration)
        store = RangeStore(configuration)
        waiters = WaiterTable(limit: configuration.maximumWaiters)
        queue = ReadQueue(
            .init(
                concurrency: configuration.concurrency, misses: configuration.misses, burst: configuration.missBurst))
    }

    // MARK: Interests

    /// An Interest for a segment of the blob `name`.
    mutating func segment(_ segment: UInt64, of name: Name, waiter: Waiter, now: NIODeadline) -> Lookup {
        guard segment <= Self.maximumSegment, let blob = blobs.blob(name, now: now) else { return .ignored }
        if let final = blob.shape?.geometry.final, segment > final { return .ignored }
        guard let range = ask(for: blob.find(segment), or: segment, of: blob, waiter, now),
            let index = range.index(of: segment)
        else { return .ignored }
        blob.noteAsked(range)
        if range.hasArrived(index) {
            range.noteAsked(index)
            if range.state == .complete {
                store.use(range)
                readAhead(of: range, now: now)
            }
            return .hit(range, index: index)
        }
        if outage.isAway, refused.admits(segment, of: blob.name, from: waiter.face, now: now) {
            range.latestExpiry = max(range.latestExpiry, waiter.expires)
            return .refused
        }
        sweepIfFull(now)
        guard waiters.add(waiter, to: &range.waiters[index]) else { return .ignored }
        range.latestExpiry = max(range.latestExpiry, waiter.expires)
        return .waiting
    }

    /// An Interest that asks whether the blob `name` exists.
    mutating func existence(of name: Name, waiter: Waiter, now: NIODeadline) -> Lookup {
        guard let blob = blobs.blob(name, now: now) else { return blobs.isForbidden(name) ? .unknown : .ignored }
        if let hold = blob.hold, now < hold.until { return hold.isUnknown ? .unknown : .ignored }
        guard blob.shape == nil else { return .ignored }
        // The head of any read tells; the client asks for segment 0 at the same time anyway.
        guard let range = ask(for: blob.ranges.values.first, or: 0, of: blob, waiter, now),
            waiters.add(waiter, to: &blob.inquirers)
        else { return .ignored }
        range.latestExpiry = max(range.latestExpiry, waiter.expires)
        return .waiting
    }

    /// Asks for a range that there is, or, where there is none, for one that has a segment; nil while there may be none.
    private mutating func ask(
        for existing: CachedRange?, or segment: UInt64, of blob: CachedBlob, _ waiter: Waiter, _ now: NIODeadline
    ) -> CachedRange? {
        guard let existing else { return blob.isRefused(now) ? nil : make(segment, in: blob, for: waiter, now: now) }
        askedAgain(existing, now)
        return existing
    }

    /// Makes room among the waiters, at most once a second.
    private mutating func sweepIfFull(_ now: NIODeadline) {
        guard waiters.count >= waiters.limit, now >= nextSweep else { return }
        nextSweep = now + .seconds(1)
        for range in Array(reading.values) + queue.items + Array(ahead) + postponed.map(\.range) {
            for index in range.waiters.indices { waiters.expire(&range.waiters[index], now: now) }
            waiters.expire(&range.blob.inquirers, now: now)
        }
    }

    // MARK: ranges

    /// A range for a segment that no range has.
    ///
    /// - Parameter waiter: who asks for it; nil when nobody has yet.
    private mutating func make(
        _ segment: UInt64, in blob: CachedBlob, for waiter: Waiter?, now: NIODeadline
    ) -> CachedRange? {
        guard !blob.isHeld(now) || postponed.count < Self.maximumPostponed else { return nil }
        let others = Array(blob.ranges.values)
        let isRepeated = !blob.isEmpty
        nextID += 1
        guard let range = blob.add(segment, id: nextID) else { return nil }
        if blob.shape == nil { for other in others { askedAgain(other, now) } }
        enqueue(range, for: waiter, isRepeated: isRepeated, now)
        return range
    }

    private mutating func enqueue(
        _ range: CachedRange, for waiter: Waiter?, isRepeated: Bool, _ now: NIODeadline
    ) {
        guard let waiter else { return ahead.append(range) }
        if let hold = range.blob.hold, now < hold.until {
            return postponed.append((hold.until, range, waiter))
        }
        let host = hosts[waiter.face] ?? .face(waiter.face)
        guard range.blob.shape == nil else { return shed(queue.add(range, of: range.blob, from: host), now) }
        let known = blobs.knownRepository(of: range.blob)
        shed(queue.addLookup(range, in: known, from: host, isRepeated: isRepeated), now)
    }

    private mutating func askedAgain(_ range: CachedRange, _ now: NIODeadline) {
        if range.state == .queued { shed(queue.askedAgain(range), now) }
    }

    private mutating func shed(_ range: CachedRange?, _ now: NIODeadline) {
        guard let range else { return }
        shed &+= 1
        remove(range, now: now)
    }

    /// Asks for the range after a complete one when that was itself asked for in sequence.
    private mutating func readAhead(of range: CachedRange, now: NIODeadline) {
        guard let next = range.blob.next(after: range), !queue.hasKnown, ahead.isEmpty else { return }
        _ = make(next, in: range.blob, for: nil, now: now)
    }

    // MARK: reads that begin

    /// The next read to perform now, nil when there is none or enough go on; to be asked until nil after each event.
    ///
    /// - Parameter streams: how many there are, over which reads come or may come.
    mutating func nextRead(streams: Int, now: NIODeadline) -> OriginRead? {
        blobs.forget(now)
        while let (until, range, waiter) = postponed.first, until <= now {
            postponed.removeFirst()
            if range.state == .queued { enqueue(range, for: waiter, isRepeated: true, now) }
        }
        while reading.count < configuration.concurrency {
            let queued = queue.next(lookups: lookups, now: now)
            guard let range = queued ?? ahead.first else { return nil }
            let isWanted = range.latestExpiry > now
            if queued != nil, !isWanted {
                // Nobody waits for this range any more.
                remove(range, now: now)
                continue
            }
            let hasRoom = makeRoom(for: range, isWanted: isWanted, streams: streams, now: now)
            guard hasRoom || isWanted && reading.isEmpty else { return nil }
            if queued != nil { queue.begin(range) } else { ahead.removeFirst() }
            return start(range, now)
        }
        return nil
    }

    /// When `nextRead` may have something again though nothing happens; nil when it will not.
    func deadline(now: NIODeadline) -> NIODeadline? {
        guard reading.count < configuration.concurrency else { return nil }
        return [queue.deadline(now: now), postponed.first?.until].compactMap(\.self).min()
    }

    /// Reads under way of blobs that may not exist.
    private var lookups: Int { reading.values.count { $0.blob.shape == nil } }

    private mutating func start(_ range: CachedRange, _ now: NIODeadline) -> OriginRead {
        outage.asked(now: now)
        range.state = .reading
        store.reserve(range)
        reading[range.id] = range
        let chunk = UInt64(configuration.chunkSize)
        return OriginRead(
            id: range.id, blob: range.blob.blob,
            range: ByteRange(offset: range.firstSegment * chunk, length: UInt64(range.count) * chunk),
            isSequential: range.blob.hasRange(before: range))
    }

    /// The bytes from `offset` on pass by, on the way to what the read `id` is for. Returns the read that keeps them, when
    /// they begin a range that is not known and there is room without dropping what is still to be sent.
    mutating func passing(_ offset: UInt64, before id: Int, streams: Int, now: NIODeadline) -> OriginRead? {
        let octets = UInt64(configuration.chunkSize * configuration.fetchChunks)
        guard reading.count < configuration.concurrency, let blob = reading[id]?.blob, offset.isMultiple(of: octets)
        else { return nil }
        let segment = offset / UInt64(configuration.chunkSize)
        if let known = blob.ranges[blob.number(of: segment)] {
            // Somebody may just have asked for it.
            guard queue.contains(known), makeRoom(for: known, streams: streams, now: now) else { return nil }
            queue.begin(known)
            return start(known, now)
        }
        guard segment != blob.shape?.geometry.final, let range = make(segment, in: blob, for: nil, now: now) else {
            return nil
        }
        ahead.removeLast()
        guard makeRoom(for: range, streams: streams, now: now) else {
            remove(range, now: now)
            return nil
        }
        return start(range, now)
    }

    // MARK: reads under way

    /// The size of the blob that a read is for, when it is known.
    func size(for id: Int) -> UInt64? { reading[id]?.blob.shape?.size }

    /// Whether a read is of use: what it was for may have been given up since.
    func isAwaited(_ id: Int) -> Bool { reading[id] != nil }

    /// The head of a response has come: the size of the blob is known, and whether its bytes follow is not. Returns where the
    /// packets are to be made; nil when the read must be given up.
    mutating func began(_ id: Int, total: UInt64, now: NIODeadline) throws(WireError) -> SlabLayout? {
        outage.heard(now: now)
        guard let range = reading[id] else { return nil }
        let blob = range.blob
        let shape = BlobShape(size: total, chunk: configuration.chunkSize)
        guard blob.shape ?? shape == shape, range.firstSegment <= shape.geometry.final else { return nil }
        if blob.shape == nil { found(blob, shape, now: now) }
        blob.hold = nil
        let count = Int(min(UInt64(range.count), shape.geometry.final - range.firstSegment + 1))
        for index in count..<range.count { waiters.take(&range.waiters[index]) { _ in } }
        range.count = count
        return try store.layOut(range, shape)
    }

    /// The blob exists: what waits of it is no lookup any more, and its repository is known.
    private mutating func found(_ blob: CachedBlob, _ shape: BlobShape, now: NIODeadline) {
        blob.shape = shape
        blobs.noteFound(blob)
        for range in Array(blob.ranges.values) where queue.contains(range) {
            shed(queue.add(range, of: blob, from: .face(0)), now)
        }
    }

    /// Makes packets of the next bytes of a read; none for one that was given up.
    func pack(_ id: Int, _ octets: ByteBuffer) -> SlabFiller.Filled {
        reading[id]?.pack(octets) ?? SlabFiller.Filled()
    }

    /// The next packets of a read are there, nobody's when it was given up; calls `answer` for every Interest that can be
    /// answered with them.
    mutating func arrived(
        _ id: Int, _ filled: SlabFiller.Filled, now: NIODeadline, answer: (Waiter, CachedRange, Int) -> Void
    ) {
        outage.heard(now: now)
        guard let range = reading[id], let before = range.slab?.arrived else { return }
        range.slab?.take(filled)
        // Now it is certain that there is something to be had. Segments say so; nothing else answers who asked.
        if filled.packets > 0 { waiters.take(&range.blob.inquirers) { _ in } }
        for index in before..<before + filled.packets {
            waiters.take(&range.waiters[index]) { waiter in
                guard waiter.expires > now else { return }
                answer(waiter, range, index)
                range.noteAsked(index)
            }
        }
    }

    // MARK: reads that end

    /// The body has ended. Returns false when bytes are missing: the read has failed then.
    mutating func ended(_ id: Int, now: NIODeadline) -> Bool {
        guard let range = reading[id], range.slab?.isComplete == true else { return false }
        reading[id] = nil
        if reading.isEmpty { outage.ended() }
        range.endPacking()
        range.state = .complete
        range.waiters = []
        store.use(range)
        readAhead(of: range, now: now)
        return true
    }

    /// The read gave nothing, or not all: what came of it is forgotten. Calls `answer` for those who asked whether the
    /// blob exists, when it is not to be had here. Returns false when that is no news: the read had been given up before,
    /// with another of the blob, or somebody asked for more than there is before the size was known.
    mutating func failed(
        _ id: Int, _ failure: ReadFailure, now: NIODeadline, answer: (Waiter, CachedBlob) -> Void
    ) -> Bool {
        guard let range = reading.removeValue(forKey: id) else { return false }
        let blob = range.blob
        let isLookup = blob.shape == nil
        if failure == .failed {
            refused.refuse(range, &waiters, now: now)
            if range.slab == nil { outage.failed() }
        } else {
            outage.heard(now: now)
        }
        defer { if reading.isEmpty { outage.ended() } }
        var (isNews, inVain) = (true, 1)
        switch failure {
        case .unknown:
            refuse(blob, for: configuration.unknownHold, now: now, answer)
            blob.shape = nil
            inVain += giveUp(blob, now: now)
        case .beyondEnd(let total?) where isLookup:
            found(blob, BlobShape(size: total, chunk: configuration.chunkSize), now: now)
            isNews = false
        case .beyondEnd, .failed: blob.hold = .init(until: now + configuration.failureHold, isUnknown: false)
        case .refused:
            refuse(blob, for: configuration.failureHold, now: now, answer)
            // The head may have told a size to which no bytes came: who asks next waits for those, too.
            if !blob.hasBytes {
                blob.shape = nil
                inVain += giveUp(blob, now: now)
            }
        case .outOfReach:
            refuse(blob, for: configuration.outOfReachHold, now: now, answer)
            _ = giveUp(blob, now: now)
        }
        if isLookup, blob.shape == nil, failure != .outOfReach { queue.missed(inVain, now: now) }
        guard failure == .failed else {
            remove(range, now: now)
            return isNews
        }
        let waiting = range.takeWaiters(from: &waiters, now: now)
        detach(range)
        waitAgain(waiting, range, now: now)
        forgetIfEmpty(blob, now: now)
        return isNews
    }

    // MARK: the registry is away

    /// Nothing has come of the reads under way for long. Returns whether the registry counts as away from now on.
    mutating func expireOutage(now: NIODeadline) -> Bool {
        guard outage.expire(now: now) else { return false }
        for range in Array(reading.values) + queue.items + postponed.map(\.range) {
            refused.refuse(range, &waiters, now: now)
        }
        return true
    }

    /// A range has been read in vain: those who have been told so, and asked again, wait for another read.
    private mutating func waitAgain(
        _ waiting: [(segment: UInt64, waiter: Waiter)], _ range: CachedRange, now: NIODeadline
    ) {
        guard range.failures < Self.maximumFailures else { return }
        for (segment, waiter) in waiting {
            guard let next = range.blob.find(segment) ?? make(segment, in: range.blob, for: waiter, now: now),
                let index = next.index(of: segment), waiters.add(waiter, to: &next.waiters[index])
            else { continue }
            next.failures = range.failures + 1
            next.latestExpiry = max(next.latestExpiry, waiter.expires)
        }
    }

    // MARK: blobs that are not to be had

    /// The blob is not to be had here for a while; calls `answer` for those who asked.
    private mutating func refuse(
        _ blob: CachedBlob, for hold: TimeAmount, now: NIODeadline, _ answer: (Waiter, CachedBlob) -> Void
    ) {
        blob.hold = .init(until: now + hold, isUnknown: true)
        waiters.take(&blob.inquirers) { waiter in
            if waiter.expires > now { answer(waiter, blob) }
        }
    }

    /// Drops what is still to be read of a blob; reads whose bytes are coming go on. Returns how many reads were under way in
    /// vain.
    private mutating func giveUp(_ blob: CachedBlob, now: NIODeadline) -> Int {
        var count = 0
        for range in Array(blob.ranges.values) + [blob.tail].compactMap(\.self) where range.slab == nil {
            if reading.removeValue(forKey: range.id) != nil { count += 1 }
            remove(range, now: now)
        }
        ahead.removeAll { $0.state == .gone }
        return count
    }

    // MARK: ranges that leave

    /// Makes room for a range that is to be read, and for what streams hold beside the ranges they fill, with one more read
    /// than there are: first by dropping ranges that have been sent to their end, those used longest ago first, and for a
    /// range that somebody waits for any other. What is read ahead never drops what is still to be sent: with many blobs at a
    /// time each would be read again and again. Returns false when there is not enough.
    private mutating func makeRoom(
        for range: CachedRange, isWanted: Bool = false, streams: Int, now: NIODeadline
    ) -> Bool {
        let cost = store.estimate(range) + max(streams, reading.count + 1) * configuration.readBuffer
        for onlyConsumed in isWanted ? [true, false] : [true] {
            while let surplus = store.surplus(for: cost, onlyConsumed: onlyConsumed) {
                evictions &+= 1
                remove(surplus, now: now)
            }
        }
        return store.hasRoom(for: cost)
    }

    private mutating func remove(_ range: CachedRange, now: NIODeadline) {
        guard range.state != .gone else { return }
        detach(range)
        forgetIfEmpty(range.blob, now: now)
    }

    private mutating func detach(_ range: CachedRange) {
        guard range.state != .gone else { return }
        queue.remove(range)
        for index in range.waiters.indices { waiters.take(&range.waiters[index]) { _ in } }
        range.state = .gone
        range.blob.remove(range)
        // Memory is kept for the reads that are counted and have none yet.
        store.remove(range, readers: reading.values.count { $0.slab == nil })
        range.endPacking()
        range.signing = [:]
    }

    private mutating func forgetIfEmpty(_ blob: CachedBlob, now: NIODeadline) {
        guard blob.isEmpty else { return }
        waiters.take(&blob.inquirers) { _ in }
        blobs.noteEmpty(blob, now: now)
    }
}
