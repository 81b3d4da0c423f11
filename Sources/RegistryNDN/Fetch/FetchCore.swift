package import NIOCore

/// Everything that is fetched over one face, without the face: which blobs, for whom, in which order, within which memory.
///
/// Pure: `now` is a parameter, packets and what readers do are told by calls, Interests are pulled with
/// ``nextInterest(now:into:)``, and ``takeActions()`` says what is to be done for readers. After each batch of packets, and at
/// ``nextDeadline(now:)``, the owner calls ``settle(now:progress:)``, pulls Interests, and calls
/// ``settleFailures(now:progress:)``.
package final class FetchCore {
    private let configuration: FetchConfiguration
    /// The transfers, and the path that they share.
    package private(set) var scheduler: FetchScheduler
    private var byName: [Name: [BlobTransfer]] = [:]
    /// The blob of the last packet: usually also that of the next.
    private var recent: (name: Name, transfers: [BlobTransfer])?
    private var shapes = BlobShapes()
    private var habits = ReadHabits()
    private var admission = Admission()
    private let pool = SlabPool()
    private var memory: MemoryBudget
    private var actions: [FetchAction] = []

    package init(configuration: FetchConfiguration, path: FetchPath, isUp: Bool = true) {
        self.configuration = configuration
        memory = MemoryBudget(configuration.memoryBudget)
        scheduler = FetchScheduler(path: path, isUp: isUp)
    }

    /// What is to be done, each once.
    package func takeActions() -> [FetchAction] {
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    // MARK: Opening

    /// Somebody wants a blob, or a range of one: from a transfer that brings it already, or by one of its own.
    ///
    /// - Parameters:
    ///   - hint: octets that the blob is believed to have; nothing is told of them before Data confirm them.
    ///   - deadline: the end of it all; at most, and by default, ``FetchConfiguration/timeout`` from now.
    package func open(
        _ blob: Name, range: BlobRange = .whole, hint: UInt64? = nil, for reader: FetchReader,
        deadline: NIODeadline? = nil, now: NIODeadline
    ) {
        let blob = blob.owned()
        if Self.isWhole(range), let running = byName[blob]?.first(where: { $0.serves(reader) }) {
            join(running, reader)
        } else {
            admission.add(
                .init(
                    reader: reader, blob: blob, range: range, hint: hint,
                    deadline: min(deadline ?? .distantFuture, now + configuration.timeout),
                    until: now + configuration.admissionTimeout))
            admit(now: now)
        }
        // Others may well hang up where a reader begins who may hang up.
        guard let begin = reader.openBegin else { return }
        habits.began(blob, at: begin)
        for transfer in byName[blob] ?? [] { transfer.expectEnd(habits) }
    }

    /// What may be hung up on is read like the whole blob as long as nothing is known of it.
    private static func isWhole(_ range: BlobRange) -> Bool { range == .whole || range.openBegin == 0 }

    /// Lets those in for whom there is room now.
    private func admit(now: NIODeadline) {
        while !admission.waiting.isEmpty, hasRoom, let next = admission.take() { begin(next, now: now) }
    }

    /// One blob has room, whatever the budget is.
    private var hasRoom: Bool {
        let used = scheduler.transfers.reduce(0) { $0 + Admission.least + $1.heldOutside }
        return scheduler.transferCount == 0 || used + Admission.least <= memory.octets
    }

    private func begin(_ request: Admission.Request, now: NIODeadline) {
        let (reader, blob) = (request.reader, request.blob)
        if Self.isWhole(request.range) {
            begin(request, isForShape: false, now: now)
        } else if let shape = shapes[blob] {
            start(reader, request.range, of: blob, shape: shape, deadline: request.deadline, now: now)
        } else if let asking = byName[blob]?.first(where: { $0.isActive && $0.isForShape && $0.admits(reader) }) {
            asking.want(reader, request.range)
            noteReaders(of: asking)
        } else {
            begin(request, isForShape: true, now: now)
        }
    }

    private func begin(_ request: Admission.Request, isForShape: Bool, now: NIODeadline) {
        var segments = SegmentFetch(configuration: configuration, deadline: request.deadline, now: now)
        if let guess = shapes.guess(request.blob, size: request.hint) {
            segments.guess(guess, capacity: memory.ringCapacity(chunk: guess.chunk))
        }
        let transfer = BlobTransfer(
            request.blob, segments, lifetime: configuration.interestLifetime, readers: [request.reader],
            isShared: !isForShape, wanted: isForShape ? [request.range] : nil)
        add(transfer, beside: isForShape ? nil : running(request.blob))
        if let guess = segments.geometry { makeRoom(for: transfer, guess) }
        actions.append(.askForMetadata(transfer))
    }

    /// A transfer of a blob under way, by the segments' own numbers.
    private func running(_ blob: Name) -> BlobTransfer? {
        byName[blob]?.first { $0.isActive && $0.runs == nil }
    }

    private func join(_ transfer: BlobTransfer, _ reader: FetchReader) {
        transfer.join(reader, scheduler.path, &actions)
        noteReaders(of: transfer)
    }

    private func add(_ transfer: BlobTransfer, beside other: BlobTransfer?) {
        scheduler.add(transfer, beside: other)
        byName[transfer.name, default: []].append(transfer)
        recent = nil
        noteReaders(of: transfer)
    }

    private func remove(_ transfer: BlobTransfer) {
        scheduler.remove(transfer)
        for reader in transfer.readers { actions.append(.release(reader.id)) }
        memory.release(transfer)
        byName[transfer.name]?.removeAll { $0 === transfer }
        if byName[transfer.name]?.isEmpty == true { byName[transfer.name] = nil }
        recent = nil
        if byName.isEmpty { pool.trim() }
    }

    /// Takes note of who reads a transfer now: whether any of them can fill holes, and where they are expected to hang up.
    private func noteReaders(of transfer: BlobTransfer) {
        guard transfer.isActive else { return }
        transfer.segments.canRepair = transfer.readers.contains { $0.audience != nil }
        transfer.expectEnd(habits)
    }

    // MARK: Packets

    private func named(_ name: Name) -> [BlobTransfer] {
        if let recent, recent.name == name { return recent.transfers }
        guard let transfers = byName[name], let first = transfers.first else { return [] }
        recent = (first.name, transfers)
        return transfers
    }

    /// Whether a segment of a blob is asked for, and not here.
    package func awaits(_ segment: UInt64, of blob: Name) -> Bool {
        named(blob).contains { $0.awaited(segment) != nil }
    }

    /// Data that can be trusted came.
    ///
    /// - Parameters:
    ///   - data: what it says; its segment number is that in its name.
    ///   - payload: its Content.
    /// - Returns: whether it was asked for.
    package func receive(_ data: SegmentData, _ payload: ByteBuffer, of blob: Name, now: NIODeadline) -> Bool {
        var isAwaited = false
        for transfer in named(blob) {
            guard let rank = transfer.awaited(data.segment) else { continue }
            isAwaited = true
            receive(data, as: rank, payload, for: transfer, now: now)
        }
        return isAwaited
    }

    private func receive(
        _ data: SegmentData, as rank: UInt64, _ payload: ByteBuffer, for transfer: BlobTransfer, now: NIODeadline
    ) {
        var data = data
        data.segment = rank
        if let runs = transfer.runs, let said = data.final {
            let known = runs.shape.geometry.final
            guard said == known else {
                let error = FetchError.malformed("FinalBlockId moved from \(known) to \(said)")
                return scheduler.refuse(rank, error, for: transfer)
            }
            data.final = runs.excerpt.geometry.final
        }
        let (before, wasKnown) = (transfer.segments.geometry, transfer.segments.size != nil)
        let isNew = scheduler.receive(data, for: transfer, now: now, capacity: memory.ringCapacity)
        if before != nil, transfer.segments.geometry != before { shapes.forget(transfer.name) }
        guard isNew, let geometry = transfer.segments.geometry else { return }
        if transfer.runs == nil, !wasKnown || geometry.final == rank, let size = transfer.segments.size {
            shapes.insert(BlobShape(geometry: geometry, size: size), for: transfer.name)
        }
        if geometry != before { makeRoom(for: transfer, geometry) }
        transfer.place(rank, payload)
    }

    /// Data came that cannot be trusted.
    package func refuse(_ segment: UInt64, of blob: Name, _ error: FetchError) {
        for transfer in named(blob) {
            guard let rank = transfer.awaited(segment) else { continue }
            scheduler.refuse(rank, error, for: transfer)
        }
    }

    /// An Interest came back.
    ///
    /// - Parameter nonce: its Nonce; nil when it is not known.
    /// - Returns: whether it was one of a blob that is fetched.
    package func receiveNack(
        _ reason: NackReason, segment: UInt64, of blob: Name, nonce: UInt32?, now: NIODeadline
    ) -> Bool {
        let transfers = named(blob)
        for transfer in transfers {
            guard let rank = transfer.rank(of: segment) else { continue }
            scheduler.receiveNack(reason, segment: rank, nonce: nonce, for: transfer, now: now)
        }
        return !transfers.isEmpty
    }

    /// Whoever serves the blob has said that there is none.
    package func isUnknown(_ transfer: BlobTransfer) {
        guard transfer.isActive, transfer.segments.confirmedGeometry == nil else { return }
        transfer.segments.fail(.notFound)
    }

    // MARK: The face

    /// The face came up, anew.
    package func faceUp(initialWindow: Int, isLocal: Bool = false) {
        scheduler.faceUp(initialWindow: initialWindow, isLocal: isLocal)
    }

    /// The face went down: whatever is in flight is lost.
    package func faceDown() {
        scheduler.faceDown()
    }

    /// Everything ends.
    package func failAll(_ error: FetchError) {
        for transfer in scheduler.transfers where transfer.isActive { transfer.segments.fail(error) }
        while let request = admission.take() { refuse(request, error) }
    }

    private func refuse(_ request: Admission.Request, _ error: FetchError) {
        actions.append(.finish(request.reader.id, .failure(error), FetchStatistics()))
        actions.append(.release(request.reader.id))
    }

    /// Appends the next Interest to those that are to be sent.
    ///
    /// - Returns: its octets; nil when none may leave now.
    package func nextInterest(now: NIODeadline, into train: inout ByteBuffer) -> Int? {
        guard let (transfer, interest) = nextInterest(now: now) else { return nil }
        return transfer.write(interest, into: &train)
    }

    /// The next Interest, by the segment's number in the blob; nil when none may leave now.
    package func nextInterest(now: NIODeadline) -> (transfer: BlobTransfer, interest: SegmentInterest)? {
        guard var next = scheduler.nextInterest(now: now) else { return nil }
        if let runs = next.transfer.runs { next.interest.segment = runs.segment(ofRank: next.interest.segment) }
        return next
    }

    // MARK: After a batch

    /// Does everything that is due but for Interests: losses, chunks to readers, new demand.
    ///
    /// - Parameter progress: where a reader is, and whether the owner is to call again when that changes.
    package func settle(
        now: NIODeadline, progress: (FetchReader.ID, _ isAwaited: Bool) -> FetchReader.Progress
    ) {
        scheduler.advance(now: now)
        for transfer in scheduler.transfers {
            transfer.note(progress)
            settle(transfer, now: now)
        }
        admission.note(progress)
        for request in admission.takeOver(now: now) { refuse(request, .busy) }
        admit(now: now)
    }

    /// Does what the last Interests make due: the last Interest of a segment may have been its last chance, and a transfer
    /// that failed by that has no timer any more.
    package func settleFailures(now: NIODeadline) {
        for transfer in scheduler.transfers where transfer.isActive {
            if transfer.segments.failure != nil || hasNewHoles(transfer) { settle(transfer, now: now) }
        }
    }

    /// Whether a reader whose progress is awaited has made some since ``settle(now:progress:)`` was told.
    package func hasMoved(_ progress: (FetchReader.ID, _ isAwaited: Bool) -> FetchReader.Progress) -> Bool {
        scheduler.transfers.contains { transfer in
            transfer.awaitsReaders
                && transfer.readers.contains { !$0.progress.isSamePlace(as: progress($0.id, true)) }
        }
    }

    /// When ``settle(now:progress:)`` has something to do, if nothing happens before.
    package func nextDeadline(now: NIODeadline) -> NIODeadline? {
        var next = scheduler.nextDeadline(now: now)
        for transfer in scheduler.transfers {
            if let due = transfer.deliverBy { next = min(next ?? due, due) }
            if let due = transfer.pause?.until { next = min(next ?? due, due) }
        }
        if let due = admission.deadline(now: now) { next = min(next ?? due, due) }
        return next
    }

    private func settle(_ transfer: BlobTransfer, now: NIODeadline) {
        repair(transfer, now: now)
        guard !transfer.isForShape else { return settleShape(transfer, now: now) }
        let share = memory.share(among: scheduler.transferCount)
        let allowance = share.allowance(slab: transfer.slabOctets)
        if transfer.isActive {
            transfer.deliver(scheduler.path, retained: allowance / 4, now: now, &actions)
            if case .malformed = transfer.segments.failure { shapes.forget(transfer.name) }
            if transfer.segments.isOver { scheduler.retire(transfer) }
        }
        for (reader, offset) in transfer.checkReaders(allowance: UInt64(allowance), &actions) {
            detach(reader, at: offset, from: transfer, now: now)
        }
        guard let slowest = transfer.slowest else { return remove(transfer) }
        transfer.noteDemand(allowance: allowance)
        transfer.lookAtPause(now: now)
        memory.grant(transfer, from: slowest, allowance: allowance, share)
    }

    private func makeRoom(for transfer: BlobTransfer, _ geometry: BlobGeometry) {
        makeRoom(for: transfer, from: 0, geometry, window: memory.ringCapacity(chunk: geometry.chunk))
    }

    /// Makes room for segments, in slabs of a size that suits the blob's present share.
    private func makeRoom(for transfer: BlobTransfer, from segment: UInt64, _ geometry: BlobGeometry, window: Int) {
        let share = memory.share(among: scheduler.transferCount)
        transfer.begin(
            at: segment, chunk: geometry.chunk, window: window,
            slabSegments: share.slabSegments(chunk: geometry.chunk), pool: pool)
    }

    /// Lets a slow reader go on alone, from `offset`.
    private func detach(_ reader: FetchReader, at offset: UInt64, from transfer: BlobTransfer, now: NIODeadline) {
        guard let geometry = transfer.segments.geometry, let size = transfer.segments.size else { return }
        let start = geometry.segment(at: offset)
        let window = memory.ringCapacity(chunk: geometry.chunk)
        let segments = SegmentFetch(
            configuration: configuration, geometry: geometry, size: size, start: start, stop: transfer.segments.stop,
            capacity: window, deadline: transfer.segments.deadline, now: now)
        let alone = BlobTransfer(
            transfer.name, segments, lifetime: configuration.interestLifetime, readers: [reader],
            octets: offset..<transfer.octets.upperBound, isShared: false)
        add(alone, beside: transfer.isActive ? transfer : nil)
        makeRoom(for: alone, from: start, geometry, window: window)
        settle(alone, now: now)
    }

    // MARK: Ranges

    /// Once the shape is known, starts the ranges that wait for it.
    ///
    /// Its two segments are all that is asked for meanwhile: nobody raises the demand.
    private func settleShape(_ transfer: BlobTransfer, now: NIODeadline) {
        for reader in transfer.dismiss(where: \.progress.isGone) { actions.append(.release(reader.id)) }
        guard !transfer.readers.isEmpty else { return remove(transfer) }
        var statistics = transfer.segments.statistics
        if let failure = transfer.segments.failure {
            for reader in transfer.readers { actions.append(.finish(reader.id, .failure(failure), statistics)) }
            return remove(transfer)
        }
        guard let geometry = transfer.segments.geometry, let size = transfer.segments.size else { return }
        let shape = BlobShape(geometry: geometry, size: size)
        let here = transfer.takeShapeSegments()
        // What was told to those with some credentials is not told to others.
        if transfer.audience == nil { shapes.insert(shape, for: transfer.name) }
        let wanted = transfer.takeWanted()
        remove(transfer)
        for (reader, range) in wanted {
            start(
                reader, range, of: transfer.name, shape: shape, deadline: transfer.segments.deadline,
                here: here, statistics: statistics, now: now)
            // What the shape cost is counted once.
            statistics = FetchStatistics()
        }
    }

    /// Gives a reader its range: from a transfer that brings it already, or by one of its own.
    ///
    /// - Parameters:
    ///   - here: payloads that need not be asked for again, of the first and of the final segment.
    ///   - statistics: what was spent on the range before.
    private func start(
        _ reader: FetchReader, _ range: BlobRange, of blob: Name, shape: BlobShape, deadline: NIODeadline,
        here: ShapeSegments = .init(), statistics: FetchStatistics = .init(), now: NIODeadline
    ) {
        let parts = range.parts(of: shape.size)
        guard let hull = parts.hull else {
            actions += [
                .open(reader.id, size: shape.size), .finish(reader.id, .success(()), statistics), .release(reader.id),
            ]
            return
        }
        let runs = SegmentRuns(covering: parts, of: shape)
        if runs == nil, let running = byName[blob]?.first(where: { $0.serves(reader, parts: parts) }) {
            return join(running, restrict(reader, to: parts))
        }
        let first = hull.lowerBound < UInt64(shape.geometry.chunk) && shape.geometry.final > 0 ? here.first : nil
        let final = hull.upperBound > shape.geometry.offset(of: shape.geometry.final) ? here.final : nil
        // From here on the segments have their ranks, where they are those of an excerpt.
        let (shape, wanted) = runs.map { ($0.excerpt, $0.parts(parts)) } ?? (shape, parts)
        let (octets, geometry) = (wanted.hull ?? hull, shape.geometry)
        let numbers = shape.segments(covering: octets)
        let window = min(memory.ringCapacity(chunk: geometry.chunk), Int(clamping: numbers.count))
        var segments = SegmentFetch(
            configuration: configuration, geometry: geometry, size: shape.size,
            start: first == nil ? numbers.lowerBound : 1, stop: numbers.upperBound, capacity: window,
            deadline: deadline, now: now)
        if final != nil { segments.skipFinal() }
        segments.statistics = statistics
        let transfer = BlobTransfer(
            blob, segments, lifetime: configuration.interestLifetime, readers: [restrict(reader, to: wanted)],
            octets: octets, runs: runs)
        transfer.audience = here.audience
        makeRoom(for: transfer, from: numbers.lowerBound, geometry, window: window)
        if let first { transfer.place(0, first) }
        if let final { transfer.place(geometry.final, final) }
        add(transfer, beside: runs == nil ? running(blob) : nil)
        settle(transfer, now: now)
    }

    private func restrict(_ reader: FetchReader, to parts: BlobParts) -> FetchReader {
        actions.append(.restrict(reader.id, parts))
        return reader.restricted(to: parts)
    }

    // MARK: Repair

    /// Requests of one transfer at a time. What becomes faulty meanwhile is asked for together with its neighbours.
    private static let maximumRepairs = 4

    /// Holes that are to be asked for now.
    private func hasNewHoles(_ transfer: BlobTransfer) -> Bool {
        transfer.repairs < Self.maximumRepairs && !transfer.segments.holes.waiting.isEmpty
    }

    /// Asks for the octets of holes: segments that the path gives only faulty come by the way that a reader knows.
    private func repair(_ transfer: BlobTransfer, now: NIODeadline) {
        guard transfer.isActive else { return }
        while transfer.repairs < Self.maximumRepairs, let holes = transfer.segments.nextHoles() {
            guard let reader = transfer.repairer else { return transfer.segments.leaveHoles() }
            reserve(transfer, for: reader, now: now)
            for segments in transfer.runs?.pieces(holes) ?? [holes] {
                guard let (octets, sizes) = transfer.place(of: segments) else { return transfer.segments.leaveHoles() }
                transfer.repairs += 1
                actions.append(.repair(transfer, segments, by: reader.id, octets: octets, sizes: sizes))
            }
        }
    }

    /// From now on the transfer is for those with the same credentials; its other readers go on by themselves.
    private func reserve(_ transfer: BlobTransfer, for reader: FetchReader, now: NIODeadline) {
        guard transfer.audience == nil else { return }
        transfer.audience = reader.audience
        for other in transfer.dismiss(where: { !transfer.admits($0) }) {
            if other.progress.isGone || other.end <= transfer.delivered {
                actions.append(.release(other.id))
            } else if !transfer.isForShape, transfer.segments.size != nil {
                detach(other, at: max(other.progress.position, transfer.delivered), from: transfer, now: now)
            } else {
                let error = FetchError.malformed("its size can be told only to readers with other credentials")
                actions += [.finish(other.id, .failure(error), FetchStatistics()), .release(other.id)]
            }
        }
    }

    /// What came for holes.
    ///
    /// - Parameter octets: of the segments; fewer only where the blob ends before; nil: they cannot be had.
    package func repaired(
        _ segments: Range<UInt64>, of transfer: BlobTransfer, with octets: ByteBuffer?, now: NIODeadline
    ) {
        transfer.repairs -= 1
        guard transfer.isActive, let geometry = transfer.segments.geometry else { return }
        guard var octets else { return transfer.segments.leaveHoles() }
        for segment in segments {
            guard let payload = octets.readSlice(length: min(geometry.chunk, octets.readableBytes)),
                scheduler.fill(segment, length: payload.readableBytes, for: transfer, now: now)
            else { break }
            transfer.place(segment, payload)
        }
    }
}
