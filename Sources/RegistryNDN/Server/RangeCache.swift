import DequeModule
internal import NDN
import NIOCore
import OrderedCollections

/// What the server knows and reads: ranges of blobs as finished Data packets, each read once however many ask for it.
///
/// Logic only: the caller performs the reads that `nextRead` names, and tells what became of them. An octet budget holds
/// for everything, ranges being read included.
struct RangeCache {
    struct Configuration: Sendable {
        var prefix: Name
        /// Which repositories are served; all when empty.
        var repositories: [RepositoryPattern] = []
        var chunkSize = 7777
        /// Segments of a range.
        var fetchChunks = 512
        /// Octets of packets kept and being read.
        var capacity = 64 << 20
        /// Octets that a stream of reads has on its way to the packets, at most: they count as well, also while it waits.
        var readBuffer = 0
        /// Reads at a time.
        var concurrency = 8
        /// Lookups of blobs that turn out not to exist, a second and at once.
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
        /// It is noted; `nextRead` may have something to do.
        case waiting
        /// The blob is not to be had here: the registry does not have it, or not so that it could be served.
        case unknown
        /// No answer: the name is no name of ours, the segment does not exist, or there is too much to do.
        case ignored
    }

    /// Segments beyond this are never looked up: far more than a blob can have, and nothing overflows.
    static let maximumSegment: UInt64 = 1 << 40
    /// What a range takes beside its packets.
    static let rangeOverhead = 1024

    let configuration: Configuration
    var blobs: [Name: CachedBlob] = [:]
    var reading: [Int: CachedRange] = [:]
    var queue: ReadQueue<CachedRange>
    var ahead: Deque<CachedRange> = []
    var usage = UsageList()
    var waiters: WaiterTable
    /// Octets of the budget in use by ranges.
    var octets = 0
    /// Memory of evicted ranges, to be used again: touching new memory costs more than copying into it.
    var spares: [ByteBuffer] = []
    /// Blobs without ranges that are not to be asked for, to be forgotten after a while.
    var forgotten: Deque<(at: NIODeadline, name: Name)> = []
    /// Blobs without ranges that exist: their next reads are no lookups.
    var existing: Deque<Name> = []
    /// Repositories that a blob has been found in.
    var repositories: OrderedSet<RepositoryName> = []
    /// Whom a face's Interests count as, where that is not the face itself.
    var hosts: [UInt64: PeerHost] = [:]
    /// Reads that were given up because too many waited.
    var shed: UInt64 = 0
    /// The blob of the last Interest: usually also that of the next, and comparing is cheaper than hashing.
    private weak var recent: CachedBlob?
    private var nextID = 0
    private var nextSweep = NIODeadline.distantPast

    init(_ configuration: Configuration) {
        self.configuration = configuration
        waiters = WaiterTable(limit: configuration.maximumWaiters)
        var admission = ReadQueue<CachedRange>.Configuration()
        admission.concurrency = configuration.concurrency
        admission.misses = configuration.misses
        admission.burst = configuration.missBurst
        queue = ReadQueue(admission)
    }

    /// An Interest for a segment of the blob `name`.
    mutating func segment(_ segment: UInt64, of name: Name, waiter: Waiter, now: NIODeadline) -> Lookup {
        guard segment <= Self.maximumSegment, let blob = blob(name, now: now) else { return .ignored }
        if let final = blob.grid?.finalSegment, segment > final { return .ignored }
        let range: CachedRange
        if let existing = find(segment, in: blob) {
            range = existing
            askedAgain(range, now)
        } else {
            guard !isHeld(blob, now), let made = make(segment, in: blob, for: waiter, now: now) else { return .ignored }
            range = made
        }
        guard let index = range.index(of: segment) else { return .ignored }
        if !range.isTail { blob.asked(for: number(of: segment)) }
        if range.hasArrived(index) {
            range.noteAsked(index)
            if range.state == .complete {
                usage.use(range)
                readAhead(of: range, now: now)
            }
            return .hit(range, index: index)
        }
        sweepIfFull(now)
        guard waiters.add(waiter, to: &range.waiters[index]) else { return .ignored }
        range.latestExpiry = max(range.latestExpiry, waiter.expires)
        return .waiting
    }

    /// An Interest that asks whether the blob `name` exists.
    mutating func existence(of name: Name, waiter: Waiter, now: NIODeadline) -> Lookup {
        guard let blob = blob(name, now: now) else { return isForbidden(name) ? .unknown : .ignored }
        if let hold = blob.hold, now < hold.until { return hold.isUnknown ? .unknown : .ignored }
        guard blob.grid == nil else { return .ignored }
        // The head of any read tells; the client asks for segment 0 at the same time anyway.
        let range: CachedRange
        if let existing = blob.ranges.values.first {
            range = existing
            askedAgain(range, now)
        } else {
            guard let made = make(0, in: blob, for: waiter, now: now) else { return .ignored }
            range = made
        }
        guard waiters.add(waiter, to: &blob.inquirers) else { return .ignored }
        range.latestExpiry = max(range.latestExpiry, waiter.expires)
        return .waiting
    }

    // MARK: finding and making

    private mutating func blob(_ name: Name, now: NIODeadline) -> CachedBlob? {
        if let recent, recent.name == name { return recent }
        if let blob = blobs[name] {
            recent = blob
            return blob
        }
        forget(now)
        guard let parsed = BlobName(parsing: name, prefix: configuration.prefix), isServed(parsed) else { return nil }
        // The Interest lies in a receive buffer of many packets.
        let blob = CachedBlob(name: name.owned(), blob: parsed)
        blobs[blob.name] = blob
        return blob
    }

    private func isServed(_ blob: BlobName) -> Bool {
        configuration.repositories.isEmpty || configuration.repositories.contains { $0.matches(blob.repository) }
    }

    /// Whoever asks for a repository that is not served learns the same as for one that does not exist.
    private func isForbidden(_ name: Name) -> Bool {
        BlobName(parsing: name, prefix: configuration.prefix).map { !isServed($0) } ?? false
    }

    func number(of segment: UInt64) -> UInt64 { segment / UInt64(configuration.fetchChunks) }

    private func isHeld(_ blob: CachedBlob, _ now: NIODeadline) -> Bool {
        blob.hold.map { now < $0.until } ?? false
    }

    private func find(_ segment: UInt64, in blob: CachedBlob) -> CachedRange? {
        if let tail = blob.tail, tail.firstSegment == segment { return tail }
        guard let range = blob.ranges[number(of: segment)], range.index(of: segment) != nil else { return nil }
        return range
    }

    /// A range for a segment that no range has. The final segment of a large blob is a range by itself, see `tail`.
    ///
    /// - Parameter waiter: who asks for it; nil when nobody has yet.
    mutating func make(
        _ segment: UInt64, in blob: CachedBlob, for waiter: Waiter?, now: NIODeadline
    ) -> CachedRange? {
        let number = number(of: segment)
        let first = number * UInt64(configuration.fetchChunks)
        nextID += 1
        if let final = blob.grid?.finalSegment, segment == final, number > 0 {
            let tail = CachedRange(id: nextID, blob: blob, firstSegment: segment, count: 1, isTail: true)
            blob.tail = tail
            enqueue(tail, for: waiter, now)
            return tail
        }
        var count = configuration.fetchChunks
        if let final = blob.grid?.finalSegment {
            // The final segment is read by itself when the blob has other ranges, and once.
            let end = number > 0 ? final : final + 1
            guard first < end else { return nil }
            count = Int(min(UInt64(count), end - first))
        }
        let range = CachedRange(id: nextID, blob: blob, firstSegment: first, count: count, isTail: false)
        let isRepeated = !blob.isEmpty
        if blob.grid == nil { for other in Array(blob.ranges.values) { askedAgain(other, now) } }
        blob.ranges[number] = range
        enqueue(range, for: waiter, isRepeated: isRepeated, now)
        return range
    }

    private mutating func enqueue(
        _ range: CachedRange, for waiter: Waiter?, isRepeated: Bool = false, _ now: NIODeadline
    ) {
        guard let waiter else { return ahead.append(range) }
        let host = hosts[waiter.face] ?? .face(waiter.face)
        guard range.blob.grid == nil else { return shed(queue.add(range, of: range.blob, from: host), now) }
        let repository = range.blob.blob.repository
        let known = repositories.contains(repository) ? repository : nil
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

    /// The blob exists: what waits of it is no lookup any more, and its repository is known.
    mutating func found(_ blob: CachedBlob, now: NIODeadline) {
        let repository = blob.blob.repository
        if !repositories.contains(repository) {
            repositories.append(repository)
            if repositories.count > configuration.maximumKnown { repositories.removeFirst() }
        }
        for range in Array(blob.ranges.values) where queue.contains(range) {
            shed(queue.add(range, of: blob, from: .face(0)), now)
        }
    }

    /// Asks for the range after a complete one when that was itself asked for in sequence.
    mutating func readAhead(of range: CachedRange, now: NIODeadline) {
        let blob = range.blob
        let number = number(of: range.firstSegment)
        guard !range.isTail, blob.sequence >= 2, blob.lastNumber == number, let grid = blob.grid else { return }
        let next = (number + 1) * UInt64(configuration.fetchChunks)
        guard next < grid.finalSegment, blob.ranges[number + 1] == nil, !queue.hasKnown, ahead.isEmpty else { return }
        _ = make(next, in: blob, for: nil, now: now)
    }

    // MARK: time

    /// A blob has lost its last range: what is worth remembering of it stays for a while.
    mutating func lostAll(_ blob: CachedBlob, now: NIODeadline) {
        waiters.take(&blob.inquirers) { _ in }
        if blob.grid != nil {
            existing.append(blob.name)
            if existing.count > configuration.maximumKnown { drop(existing.removeFirst()) }
        } else if isHeld(blob, now) {
            forgotten.append((now + configuration.unknownHold, blob.name))
        } else {
            blobs[blob.name] = nil
        }
    }

    /// Drops what is known of blobs that are not held any more.
    mutating func forget(_ now: NIODeadline) {
        while let (at, name) = forgotten.first, at <= now {
            forgotten.removeFirst()
            guard let blob = blobs[name], isHeld(blob, now) else {
                drop(name)
                continue
            }
            forgotten.append((now + configuration.unknownHold, name))
        }
    }

    private mutating func drop(_ name: Name) {
        guard let blob = blobs[name], blob.isEmpty else { return }
        blobs[name] = nil
    }

    /// Makes room among the waiters, at most once a second.
    private mutating func sweepIfFull(_ now: NIODeadline) {
        guard waiters.count >= waiters.limit, now >= nextSweep else { return }
        nextSweep = now + .seconds(1)
        for range in Array(reading.values) + queue.items + Array(ahead) {
            for index in range.waiters.indices { waiters.expire(&range.waiters[index], now: now) }
            waiters.expire(&range.blob.inquirers, now: now)
        }
    }
}
