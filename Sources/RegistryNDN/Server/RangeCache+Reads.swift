internal import NDN
import NIOCore

/// Octets of a blob to be read from the registry.
struct RangeRead: Equatable {
    let id: Int
    let blob: BlobName
    let range: ByteRange
    /// The range before is known, or being read: whoever asks reads in sequence.
    var isSequential = false

    /// The octet after the last one, if the blob is that long.
    var end: UInt64 { range.offset + (range.length ?? 0) }
}

/// Why a read gave no range.
enum ReadFailure: Error, Equatable {
    /// The registry does not have the blob.
    case unknown
    /// The blob ends before the range; its size, when the registry says it.
    case beyondEnd(total: UInt64?)
    /// The registry's answer is wrong or missing.
    case failed
    /// The registry has answered, and does not give this blob, or not as it must: clients are told to look elsewhere.
    case refused
    /// The registry ignores Range, and too much of the blob lies before the range.
    case outOfReach
}

extension RangeCache {
    /// The next read to perform now, nil when there is none or enough go on; to be asked until nil after each event.
    ///
    /// - Parameter streams: how many there are, over which reads come or may come.
    mutating func nextRead(streams: Int, now: NIODeadline) -> RangeRead? {
        forget(now)
        while reading.count < configuration.concurrency {
            let queued = queue.next(lookups: lookups, now: now)
            guard let range = queued ?? ahead.first else { return nil }
            let isWanted = range.latestExpiry > now
            if queued != nil, !isWanted {
                // Nobody waits for it any more.
                remove(range, now: now)
                continue
            }
            let cost = estimate(range)
            let hasRoom = evict(for: cost + buffers(streams), isWanted: isWanted, now: now)
            guard hasRoom || isWanted && reading.isEmpty else { return nil }
            if queued != nil { queue.begin(range) } else { ahead.removeFirst() }
            return start(range, cost: cost)
        }
        return nil
    }

    /// When `nextRead` may have something again though nothing happens; nil: then only.
    func deadline(now: NIODeadline) -> NIODeadline? {
        reading.count < configuration.concurrency ? queue.deadline(now: now) : nil
    }

    /// Reads under way of blobs that may not exist.
    private var lookups: Int { reading.values.count { $0.blob.grid == nil } }

    private mutating func start(_ range: CachedRange, cost: Int) -> RangeRead {
        range.state = .reading
        setCost(of: range, to: cost)
        reading[range.id] = range
        let chunk = UInt64(configuration.chunkSize)
        let number = number(of: range.firstSegment)
        return RangeRead(
            id: range.id, blob: range.blob.blob,
            range: ByteRange(offset: range.firstSegment * chunk, length: UInt64(range.count) * chunk),
            isSequential: !range.isTail && number > 0 && range.blob.ranges[number - 1] != nil)
    }

    /// The octets from `offset` on pass by, on the way to what the read `id` is for: the read that keeps them, when they
    /// begin a range that is not known and there is room without dropping what is still to be sent.
    mutating func passing(_ offset: UInt64, before id: Int, streams: Int, now: NIODeadline) -> RangeRead? {
        let octets = UInt64(configuration.chunkSize * configuration.fetchChunks)
        guard let blob = reading[id]?.blob, offset.isMultiple(of: octets), reading.count < configuration.concurrency
        else { return nil }
        let segment = offset / UInt64(configuration.chunkSize)
        let number = offset / octets
        if let known = blob.ranges[number] {
            // Somebody may just have asked for it.
            guard queue.contains(known), evict(for: estimate(known) + buffers(streams), isWanted: false, now: now)
            else { return nil }
            queue.begin(known)
            return start(known, cost: estimate(known))
        }
        guard segment != blob.grid?.finalSegment, let range = make(segment, in: blob, for: nil, now: now)
        else { return nil }
        ahead.removeLast()
        guard evict(for: estimate(range) + buffers(streams), isWanted: false, now: now) else {
            remove(range, now: now)
            return nil
        }
        return start(range, cost: estimate(range))
    }

    /// What streams hold beside the ranges they fill, with one more read than there are.
    private func buffers(_ streams: Int) -> Int {
        max(streams, reading.count + 1) * configuration.readBuffer
    }

    /// What a range will take, before its packets are laid out.
    private func estimate(_ range: CachedRange) -> Int { estimatedPackets(range) + Self.rangeOverhead }

    private func estimatedPackets(_ range: CachedRange) -> Int {
        let header = range.blob.name.value.readableBytes + 128 + (configuration.trailer?.size ?? 0)
        return range.count * (configuration.chunkSize + header)
    }

    /// The size of the blob that a read is for, when it is known.
    func size(for id: Int) -> UInt64? { reading[id]?.blob.grid?.total }

    /// The head of a response has come: the size of the blob is known. Where the packets are to be made; nil when the read must
    /// be given up.
    mutating func began(_ id: Int, total: UInt64, now: NIODeadline) throws(WireError) -> SlabLayout? {
        guard let range = reading[id] else { return nil }
        let blob = range.blob
        let grid = SegmentGrid(total: total, chunkSize: configuration.chunkSize)
        guard blob.grid ?? grid == grid, range.firstSegment <= grid.finalSegment else { return nil }
        if blob.grid == nil {
            blob.grid = grid
            found(blob, now: now)
        }
        blob.hold = nil
        waiters.take(&blob.inquirers) { _ in }
        let count = Int(min(UInt64(range.count), grid.finalSegment - range.firstSegment + 1))
        for index in count..<range.count { waiters.take(&range.waiters[index]) { _ in } }
        range.count = count
        let layout = try SlabLayout(
            name: blob.name, grid: grid, firstSegment: range.firstSegment, count: count,
            trailer: configuration.trailer, storage: takeSpare(for: estimatedPackets(range)))
        setCost(of: range, to: layout.size + Self.rangeOverhead)
        range.slab = PacketSlab(layout)
        return layout
    }

    /// Makes packets of the next octets of a read; none for one that was given up.
    func pack(_ id: Int, _ octets: ByteBuffer) -> SlabFiller.Filled {
        reading[id]?.pack(octets) ?? SlabFiller.Filled()
    }

    /// The next packets of a read are there, nobody's when it was given up; calls `answer` for every Interest that can be
    /// answered with that.
    mutating func arrived(
        _ id: Int, _ filled: SlabFiller.Filled, now: NIODeadline, answer: (Waiter, CachedRange, Int) -> Void
    ) {
        guard let range = reading[id], let before = range.slab?.arrived else { return }
        range.slab?.take(filled)
        for index in before..<before + filled.packets {
            waiters.take(&range.waiters[index]) { waiter in
                guard waiter.expires > now else { return }
                answer(waiter, range, index)
                range.noteAsked(index)
            }
        }
    }

    /// The body has ended. False when octets are missing: the read has failed then.
    mutating func ended(_ id: Int, now: NIODeadline) -> Bool {
        guard let range = reading[id], range.slab?.isWhole == true else { return false }
        reading[id] = nil
        range.endPacking()
        range.state = .complete
        range.waiters = []
        usage.use(range)
        readAhead(of: range, now: now)
        return true
    }

    /// Whether a read is of use: what it was for may have been given up since.
    func isAwaited(_ id: Int) -> Bool { reading[id] != nil }

    /// The read gave nothing, or not all: what came of it is forgotten. Calls `answer` for those who asked whether the
    /// blob exists, when it is not to be had here. False when that is no news: it had been given up before, with another of
    /// the blob, or somebody asked for more than there is before the size was known.
    mutating func failed(
        _ id: Int, _ failure: ReadFailure, now: NIODeadline, answer: (Waiter, CachedBlob) -> Void
    ) -> Bool {
        guard let range = reading.removeValue(forKey: id) else { return false }
        let blob = range.blob
        let isLookup = blob.grid == nil
        var (isNews, inVain) = (true, 1)
        switch failure {
        case .unknown:
            refuse(blob, for: configuration.unknownHold, now: now, answer)
            blob.grid = nil
            inVain += giveUp(blob, now: now)
        case .beyondEnd(let total):
            if let total, isLookup {
                blob.grid = SegmentGrid(total: total, chunkSize: configuration.chunkSize)
                found(blob, now: now)
                isNews = false
            } else {
                blob.hold = .init(until: now + configuration.failureHold, isUnknown: false)
            }
        case .failed: blob.hold = .init(until: now + configuration.failureHold, isUnknown: false)
        case .refused: refuse(blob, for: configuration.failureHold, now: now, answer)
        case .outOfReach:
            refuse(blob, for: configuration.outOfReachHold, now: now, answer)
            _ = giveUp(blob, now: now)
        }
        if isLookup, blob.grid == nil, failure != .outOfReach { queue.missed(inVain, now: now) }
        remove(range, now: now)
        return isNews
    }

    /// The blob is not to be had here for a while; calls `answer` for those who asked.
    private mutating func refuse(
        _ blob: CachedBlob, for hold: TimeAmount, now: NIODeadline, _ answer: (Waiter, CachedBlob) -> Void
    ) {
        blob.hold = .init(until: now + hold, isUnknown: true)
        waiters.take(&blob.inquirers) { waiter in
            if waiter.expires > now { answer(waiter, blob) }
        }
    }

    /// Drops what is still to be read of a blob; reads whose octets are coming go on. Returns how many reads were under way in
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

    // MARK: memory

    /// Memory for about `size` octets: not for so few that most of it would lie idle without being counted.
    private mutating func takeSpare(for size: Int) -> ByteBuffer {
        guard let index = spares.firstIndex(where: { $0.storageCapacity / 2 <= size }) else { return ByteBuffer() }
        return spares.remove(at: index)
    }

    /// Keeps memory for the reads that are counted and have none yet, and for the next one.
    private mutating func dropSpares() {
        let missing = reading.values.count { $0.slab == nil }
        spares.removeFirst(max(0, spares.count - missing - 1))
    }

    private mutating func setCost(of range: CachedRange, to cost: Int) {
        octets += cost - range.cost
        range.cost = cost
    }

    // MARK: forgetting

    /// Makes room for `cost` octets: first by dropping ranges that have been sent to their end, those used longest ago
    /// first, and for a range that somebody waits for any other. What is read ahead never drops what is still to be sent:
    /// with many blobs at a time each would be read again and again. False when there is not enough.
    private mutating func evict(for cost: Int, isWanted: Bool, now: NIODeadline) -> Bool {
        evict(for: cost, now: now) { $0.isConsumed }
        if isWanted { evict(for: cost, now: now) { _ in true } }
        return octets + cost <= configuration.capacity
    }

    private mutating func evict(for cost: Int, now: NIODeadline, where isFree: (CachedRange) -> Bool) {
        while octets + cost > configuration.capacity {
            // A tail stays as long as its blob is in use: the next client asks for it right after segment 0.
            let oldest = usage.first { $0.isTail ? $0.blob.ranges.isEmpty : isFree($0) }
            guard let oldest else { return }
            remove(oldest, now: now)
        }
    }

    mutating func remove(_ range: CachedRange, now: NIODeadline) {
        guard range.state != .gone else { return }
        let blob = range.blob
        usage.remove(range)
        queue.remove(range)
        for index in range.waiters.indices { waiters.take(&range.waiters[index]) { _ in } }
        setCost(of: range, to: 0)
        range.state = .gone
        if range.isTail {
            blob.tail = nil
        } else {
            blob.ranges[number(of: range.firstSegment)] = nil
        }
        if let layout = range.slab?.layout, layout.count > 1 { spares.append(layout.storage) }
        range.slab = nil
        dropSpares()
        range.endPacking()
        range.signing = [:]
        if blob.isEmpty { lostAll(blob, now: now) }
    }
}
