import Logging
import NIOCore

/// All fetches over one face: the state machines' edge. Confined to the face's event loop.
///
/// Packets are handled as they come; after each batch the readers get what is in order and the next Interests leave.
final class FetchEngine: FaceDelegate {
    let endpoint: Endpoint
    let configuration: FetchConfiguration
    let logger: Logger
    var scheduler: FetchScheduler
    /// All that are read, complete ones included.
    private(set) var fetches: [BlobFetch] = []
    /// Those that the scheduler knows, by its number.
    private var active: [BlobFetch?] = []
    private(set) var byName: [Name: [BlobFetch]] = [:]
    var shapes = BlobShapes()
    private var habits = ReadHabits()
    /// The blob of the last packet: usually also that of the next.
    private var recent: (name: Name, fetches: [BlobFetch])?
    let pool = SlabPool()
    /// Octets that all fetches together may hold, by what each was granted.
    var granted: UInt64 = 0
    /// Checks signatures, when there are trust anchors.
    private(set) var verification: SegmentVerification?
    private var refusals = LogLimiter()
    var admission = Admission()
    /// The time of the batch being handled.
    private var batchTime: NIODeadline?
    private let timer: DeadlineTimer
    /// Interests on their way out.
    private var train = ByteBuffer()
    private(set) var isClosed = false

    init(endpoint: Endpoint, configuration: FetchConfiguration, logger: Logger) {
        self.endpoint = endpoint
        self.configuration = configuration
        self.logger = logger
        timer = DeadlineTimer(on: endpoint.face.eventLoop)
        let bound = min(configuration.maximumWindow ?? .max, SegmentFetch.maximumCapacity)
        let path = FetchPath(
            initialWindow: Self.initialWindow(endpoint.face), maximumWindow: bound,
            algorithm: configuration.congestion, isLocal: endpoint.face.isLocal)
        scheduler = FetchScheduler(path: path, isUp: endpoint.face.state == .up)
        if let trust = configuration.trust {
            verification = SegmentVerification(trust, endpoint: endpoint) { [weak self] in self?.settle() }
        }
        timer.onDeadline = { [weak self] in self?.settle() }
        endpoint.add(self)
    }

    // MARK: Opening

    /// Adds a reader of a blob, to a running fetch or a new one.
    func open(_ blob: Name, deadline: NIODeadline?, reader: ChunkQueue) {
        guard !isClosed else { return reader.finish(.failure(.cancelled), statistics: .init()) }
        let blob = blob.owned()
        defer { noteBegin(of: reader, in: blob) }
        if let running = byName[blob]?.first(where: { $0.join(reader) }) { return noteReaders(of: running) }
        admit(reader) { [self] in begin(blob, deadline: deadline, reader: reader) }
    }

    private func begin(_ blob: Name, deadline: NIODeadline?, reader: ChunkQueue) {
        let now = NIODeadline.now()
        let deadline = min(deadline ?? .distantFuture, now + configuration.timeout)
        let id = scheduler.add(
            SegmentFetch(configuration: configuration, deadline: deadline, now: now), beside: running(blob))
        let fetch = BlobFetch(
            id: id, name: blob, lifetime: configuration.interestLifetime, deadline: deadline, reader: reader)
        add(fetch)
        askForMetadata(fetch)
        settle()
    }

    /// Takes note of who reads a fetch now: whether any of them can fill holes, and where they are expected to hang up.
    func noteReaders(of fetch: BlobFetch) {
        guard fetch.isActive else { return }
        scheduler.setRepair(fetch.audienceHere.contains { $0.repair != nil }, of: fetch.id)
        fetch.expectEnd(habits)
    }

    /// Takes note of where a reader begins who may hang up: others may well hang up there.
    func noteBegin(of reader: ChunkQueue, in blob: Name) {
        guard let begin = reader.openBegin else { return }
        habits.began(blob, at: begin)
        for fetch in byName[blob] ?? [] { fetch.expectEnd(habits) }
    }

    /// A Nack for `<blob>/32=metadata` says that the blob is unknown; everything else, silence and, with trust anchors, a
    /// Nack that is not signed as its Data would have to be included, says nothing.
    func askForMetadata(_ fetch: BlobFetch) {
        var interest = InterestBuilder(name: fetch.name.appending(.keyword("metadata")))
        interest.canBePrefix = true
        interest.mustBeFresh = true
        interest.lifetimeMilliseconds = 500
        endpoint.express(interest, retransmissions: 2).assumeIsolated().whenSuccess { [weak self, weak fetch] data in
            guard let self, let fetch, data.contentType == ContentType.nack else { return }
            guard let verification = self.verification else { return self.isUnknown(fetch) }
            let data = data.owned()
            verification.check(data) { [weak self, weak fetch] failure in
                guard let self, let fetch else { return }
                if let failure { self.log(failure, of: data) } else { self.isUnknown(fetch) }
            }
            verification.flush()
        }
    }

    /// Whoever serves it has said so.
    private func isUnknown(_ fetch: BlobFetch) {
        guard fetch.isActive, scheduler[fetch.id]?.geometry == nil else { return }
        scheduler.fail(fetch.id, .notFound)
        settle()
    }

    /// Lets a slow reader go on alone, from `offset`.
    func detach(_ reader: ChunkQueue, at offset: UInt64, from fetch: BlobFetch) {
        guard let state = scheduler[fetch.id], let geometry = state.geometry, let size = state.size else { return }
        let start = geometry.segment(at: offset)
        let window = ringCapacity(chunk: geometry.chunk)
        let id = scheduler.add(
            SegmentFetch(
                configuration: configuration, geometry: geometry, size: size, start: start, stop: state.stop,
                capacity: window, deadline: fetch.deadline, now: .now()),
            beside: fetch.isActive ? fetch.id : nil)
        let alone = BlobFetch(
            id: id, name: fetch.name, lifetime: configuration.interestLifetime, deadline: fetch.deadline,
            reader: reader, octets: offset..<fetch.octets.upperBound, isShared: false)
        begin(alone, at: start, chunk: geometry.chunk, window: window)
        add(alone)
        settle(alone, now: .now())
        logger.debug(
            "a slow reader goes on alone", metadata: ["blob": "\(fetch.name)", "offset": .stringConvertible(offset)])
    }

    /// A fetch of a blob under way, by the segments' own numbers.
    func running(_ blob: Name) -> FetchScheduler.ID? {
        byName[blob]?.first { $0.isActive && $0.runs == nil }?.id
    }

    func add(_ fetch: BlobFetch) {
        fetches.append(fetch)
        byName[fetch.name, default: []].append(fetch)
        while active.count <= fetch.id { active.append(nil) }
        active[fetch.id] = fetch
        recent = nil
        noteReaders(of: fetch)
    }

    func remove(_ fetch: BlobFetch) {
        if fetch.isActive { retire(fetch) }
        fetch.abandon()
        setGrant(of: fetch, to: 0)
        fetches.removeAll { $0 === fetch }
        byName[fetch.name]?.removeAll { $0 === fetch }
        if byName[fetch.name]?.isEmpty == true { byName[fetch.name] = nil }
        recent = nil
        if fetches.isEmpty { pool.trim() }
    }

    private func retire(_ fetch: BlobFetch) {
        scheduler.remove(fetch.id)
        active[fetch.id] = nil
    }

    // MARK: Packets

    private func named(_ name: Name) -> [BlobFetch] {
        if let recent, recent.name == name { return recent.fetches }
        guard let fetches = byName[name], let first = fetches.first else { return [] }
        recent = (first.name, fetches)
        return fetches
    }

    private func timeOfBatch() -> NIODeadline {
        if let batchTime { return batchTime }
        let now = NIODeadline.now()
        batchTime = now
        return now
    }

    func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool {
        guard let (prefix, segment) = data.name.splitSegment() else { return false }
        if let verification {
            guard named(prefix).contains(where: { awaited(segment, by: $0) != nil }) else { return false }
            // The packet lies in a receive buffer of many; another thread is going to read it.
            let data = data.owned()
            let prefix = data.name.dropLast()
            verification.check(data) { [weak self] failure in
                guard let self else { return }
                if let failure {
                    refuse(data, failure, prefix, segment)
                } else {
                    _ = accept(data, fields, prefix, segment)
                }
            }
            return true
        }
        return accept(data, fields, prefix, segment)
    }

    private func refuse(_ data: DataPacket, _ failure: TrustFailure, _ prefix: Name, _ segment: UInt64) {
        log(failure, of: data)
        for fetch in named(prefix) {
            guard let rank = awaited(segment, by: fetch) else { continue }
            scheduler.refuse(rank, .untrusted(failure), for: fetch.id)
        }
    }

    private func log(_ failure: TrustFailure, of data: DataPacket) {
        guard let more = refusals.pass(now: timeOfBatch()) else { return }
        logger.warning(
            "Data refused",
            metadata: [
                "data": "\(data.name.uri)", "rule": "\(failure.rule.rawValue)", "for": "\(failure.name.uri)",
                "not_logged": .stringConvertible(more),
            ])
    }

    private func accept(_ data: DataPacket, _ fields: LinkFields, _ prefix: Name, _ segment: UInt64) -> Bool {
        var isAwaited = false
        for fetch in named(prefix) {
            guard let rank = awaited(segment, by: fetch) else { continue }
            isAwaited = true
            receive(data, rank, isMarked: fields.congestionMark > 0, for: fetch)
        }
        return isAwaited
    }

    /// The number by which a fetch knows a segment that it has asked for and does not have.
    private func awaited(_ segment: UInt64, by fetch: BlobFetch) -> UInt64? {
        guard fetch.isActive, let rank = fetch.rank(of: segment), scheduler[fetch.id]?.awaited(rank) != nil else {
            return nil
        }
        return rank
    }

    private func receive(_ data: DataPacket, _ segment: UInt64, isMarked: Bool, for fetch: BlobFetch) {
        let content = data.content
        var final = data.finalSegment
        if let runs = fetch.runs, let said = final {
            let known = runs.shape.geometry.final
            guard said == known else {
                let error = FetchError.malformed("FinalBlockId moved from \(known) to \(said)")
                return scheduler.refuse(segment, error, for: fetch.id)
            }
            final = runs.excerpt.geometry.final
        }
        let said = SegmentData(
            segment: segment, contentType: data.contentType, length: content.readableBytes, final: final,
            isMarked: isMarked)
        let isFirst = scheduler[fetch.id]?.geometry == nil
        let isNew = scheduler.receive(said, for: fetch.id, now: timeOfBatch(), capacity: ringCapacity)
        guard isNew, let geometry = scheduler[fetch.id]?.geometry else { return }
        if fetch.runs == nil, geometry.final == segment || geometry.final == 0, let size = scheduler[fetch.id]?.size {
            shapes.insert(BlobShape(geometry: geometry, size: size), for: fetch.name)
        }
        if isFirst {
            let window = ringCapacity(chunk: geometry.chunk)
            begin(fetch, at: 0, chunk: geometry.chunk, window: window)
        }
        fetch.place(segment, content, final: geometry.final)
    }

    func face(
        _ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields
    ) -> Bool {
        guard let (prefix, segment) = interest.name.splitSegment() else { return false }
        let reason: FetchNack =
            switch reason {
            case .congestion: .congestion
            case .noRoute: .noRoute
            case .duplicate, .none: .duplicate
            }
        let fetches = named(prefix)
        for fetch in fetches where fetch.isActive {
            guard let rank = fetch.rank(of: segment) else { continue }
            scheduler.receiveNack(reason, segment: rank, nonce: interest.nonce, for: fetch.id, now: timeOfBatch())
        }
        return !fetches.isEmpty
    }

    func faceBatchEnded(_ face: Face) {
        settle()
    }

    func face(_ face: Face, changed state: FaceState) {
        switch state {
        case .up:
            scheduler.faceUp(initialWindow: Self.initialWindow(endpoint.face), isLocal: endpoint.face.isLocal)
        case .down: scheduler.faceDown()
        case .closed:
            scheduler.faceDown()
            failAll(.faceDown)
        }
        settle()
    }

    /// RFC 6928 starts TCP with 10 packets; but what a receive buffer cannot hold is lost at once.
    private static func initialWindow(_ face: Face) -> Int {
        min(max(face.initialWindow, 2), 32)
    }

    // MARK: After a batch

    /// Does everything that is due: losses, chunks to readers, new demand, Interests, the timer.
    func settle() {
        verification?.flush()
        batchTime = nil
        let now = NIODeadline.now()
        scheduler.advance(now: now)
        for fetch in fetches { settle(fetch, now: now) }
        admitWaiting(now: now)
        pump(now: now)
        // The last Interest of a segment may have been its last chance. A fetch that failed by that has no timer any more.
        for fetch in fetches where hasNewHoles(fetch) || hasFailed(fetch) { settle(fetch, now: now) }
        schedule(now: now)
    }

    func settle(_ fetch: BlobFetch, now: NIODeadline) {
        repair(fetch)
        guard fetch.shapeWanted == nil else { return settleShape(fetch, now: now) }
        let allowance = share.allowance(slab: fetch.slabOctets)
        if fetch.isActive, let state = scheduler[fetch.id] {
            fetch.deliver(state, scheduler.path, retained: allowance / 4, now: now)
            if case .malformed = state.failure { shapes.forget(fetch.name) }
            if !fetch.isActive { retire(fetch) }
        }
        let (slowest, detached) = fetch.checkReaders(
            allowance: UInt64(allowance), isLow: isLow(fetch, allowance: allowance))
        for (reader, offset) in detached { detach(reader, at: offset, from: fetch) }
        guard let slowest else { return remove(fetch) }
        fetch.lookAtPause(now: now)
        grant(fetch, from: slowest, allowance: allowance)
    }

    /// Sends every Interest that may leave now; those of one size lie back to back and leave as one train.
    private func pump(now: NIODeadline) {
        let face = endpoint.face
        var size = 0
        var isEmpty = true
        while let (id, interest) = scheduler.nextInterest(now: now) {
            guard let fetch = active[id] else { continue }
            // The same memory again, unless the socket still holds it.
            if isEmpty { train.clear(minimumCapacity: 4096) }
            isEmpty = false
            let before = train.readableBytes
            let written = fetch.write(interest, nonce: interest.nonce, into: &train)
            if before > 0, written != size, let same = train.readSlice(length: before) {
                face.send(train: same, packetSize: size)
            }
            size = written
        }
        if !isEmpty {
            face.send(train: train, packetSize: size)
            face.flush()
        }
    }

    private func schedule(now: NIODeadline) {
        var next = scheduler.nextDeadline(now: now)
        for fetch in fetches {
            if let due = fetch.deliverBy { next = min(next ?? due, due) }
            if let due = fetch.pause?.until { next = min(next ?? due, due) }
        }
        if let due = nextAdmission(now: now) { next = min(next ?? due, due) }
        timer.schedule(at: next)
    }

    /// It failed, and its readers have not been told.
    private func hasFailed(_ fetch: BlobFetch) -> Bool {
        fetch.isActive && scheduler[fetch.id]?.failure != nil
    }

    // MARK: End

    private func failAll(_ error: FetchError) {
        for fetch in fetches where fetch.isActive { scheduler.fail(fetch.id, error) }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        refuseWaiting()
        failAll(.cancelled)
        settle()
        timer.cancel()
        verification?.close()
        endpoint.close()
    }
}
