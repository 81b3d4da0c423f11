import Logging
import NIOCore

/// What is fetched over one face, with the face: packets, the clock, readers, signatures. Confined to the face's event loop.
///
/// It decides nothing: ``FetchCore`` gets what happens, and after each batch of packets says what to do for readers and which
/// Interests leave.
final class FetchEngine: FaceDelegate {
    let endpoint: Endpoint
    private let core: FetchCore
    private let logger: Logger
    private var readers: [FetchReader.ID: ChunkQueue] = [:]
    private var nextReader = 0
    /// Checks signatures, when there are trust anchors.
    private var verification: SegmentVerification?
    private var refusals = LogLimiter()
    /// The time of the batch being handled.
    private var batchTime: NIODeadline?
    private let timer: DeadlineTimer
    /// Interests on their way out.
    private var train = ByteBuffer()
    private var isClosed = false

    init(endpoint: Endpoint, configuration: FetchConfiguration, logger: Logger) {
        self.endpoint = endpoint
        self.logger = logger
        timer = DeadlineTimer(on: endpoint.face.eventLoop)
        let bound = min(configuration.maximumWindow ?? .max, SegmentFetch.maximumCapacity)
        let path = FetchPath(
            initialWindow: Self.initialWindow(endpoint.face), maximumWindow: bound,
            algorithm: configuration.congestion, isLocal: endpoint.face.isLocal)
        core = FetchCore(configuration: configuration, path: path, isUp: endpoint.face.state == .up)
        if let trust = configuration.trust {
            verification = SegmentVerification(trust, endpoint: endpoint) { [weak self] in self?.settle() }
        }
        timer.onDeadline = { [weak self] in self?.settle() }
        endpoint.add(self)
    }

    /// Adds a reader of a blob, or of a range of one.
    func open(_ blob: Name, range: BlobRange, hint: UInt64?, deadline: NIODeadline?, reader: ChunkQueue) {
        guard !isClosed else { return reader.finish(.failure(.cancelled), statistics: .init()) }
        let id = FetchReader.ID(nextReader)
        nextReader += 1
        readers[id] = reader
        core.open(
            blob, range: range, hint: hint,
            for: FetchReader(id, audience: reader.repair?.audience, openBegin: reader.openBegin),
            deadline: deadline, now: time())
        settle()
    }

    /// Asks for `interest`; `done` gets whether Data came that a fetch would accept: with trust anchors its signature counts
    /// as a segment's does, or the path of a producer whose key is not trusted would seem to work until the next fetch.
    /// It is not called when too many packets are being checked.
    func probe(_ interest: InterestBuilder, _ done: @escaping @Sendable (Bool) -> Void) {
        endpoint.express(interest).assumeIsolated().whenComplete { [weak self] result in
            guard let self, case .success(let data) = result else { return done(false) }
            guard let verification else { return done(true) }
            verification.check(data.owned()) { done($0 == nil) }
            verification.flush()
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        core.failAll(.cancelled)
        settle()
        timer.cancel()
        verification?.close()
        endpoint.close()
    }

    /// One time for all that happens in a batch.
    private func time() -> NIODeadline {
        if let batchTime { return batchTime }
        let now = NIODeadline.now()
        batchTime = now
        return now
    }

    // MARK: Packets

    func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool {
        guard let (blob, segment) = data.name.splitSegment() else { return false }
        guard let verification else { return accept(data, fields, blob, segment) }
        guard core.awaits(segment, of: blob) else { return false }
        // The packet lies in a receive buffer of many; another thread is going to read it.
        let data = data.owned()
        let name = data.name.dropLast()
        verification.check(data) { [weak self] failure in
            guard let self else { return }
            if let failure {
                log(failure, of: data)
                core.refuse(segment, of: name, .untrusted(failure))
            } else {
                _ = accept(data, fields, name, segment)
            }
        }
        return true
    }

    private func accept(_ data: DataPacket, _ fields: LinkFields, _ blob: Name, _ segment: UInt64) -> Bool {
        let content = data.content
        let said = SegmentData(
            segment: segment, contentType: data.contentType, length: content.readableBytes, final: data.finalSegment,
            isMarked: fields.congestionMark > 0)
        return core.receive(said, content, of: blob, now: time())
    }

    private func log(_ failure: TrustFailure, of data: DataPacket) {
        guard let more = refusals.pass(now: time()) else { return }
        logger.warning(
            "Data refused",
            metadata: [
                "data": "\(data.name.uri)", "rule": "\(failure.rule.rawValue)", "for": "\(failure.name.uri)",
                "not_logged": .stringConvertible(more),
            ])
    }

    func face(
        _ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields
    ) -> Bool {
        guard let (blob, segment) = interest.name.splitSegment() else { return false }
        return core.receiveNack(reason, segment: segment, of: blob, nonce: interest.nonce, now: time())
    }

    func faceBatchEnded(_ face: Face) {
        settle()
    }

    func face(_ face: Face, changed state: FaceState) {
        switch state {
        case .up: core.faceUp(initialWindow: Self.initialWindow(face), isLocal: face.isLocal)
        case .down: core.faceDown()
        case .closed:
            core.faceDown()
            core.failAll(.faceDown)
        }
        settle()
    }

    /// RFC 6928 starts TCP with 10 packets; but what a receive buffer cannot hold is lost at once.
    private static func initialWindow(_ face: Face) -> Int {
        min(max(face.initialWindow, 2), 32)
    }

    // MARK: After a batch

    /// Does everything that is due: for readers, Interests, the timer.
    func settle() {
        verification?.flush()
        batchTime = nil
        let now = time()
        repeat {
            core.settle(now: now, progress: progress)
            pump(now: now)
            core.settleFailures(now: now)
            perform()
        } while core.hasMoved(progress)
        endpoint.face.awaited = core.scheduler.path.inFlight
        timer.schedule(at: core.nextDeadline(now: now))
        batchTime = nil
    }

    private func progress(of reader: FetchReader.ID, isAwaited: Bool) -> FetchReader.Progress {
        readers[reader]?.progress(awaiting: isAwaited) ?? .gone
    }

    /// Sends every Interest that may leave now; those of one size lie back to back and leave as one train.
    private func pump(now: NIODeadline) {
        let face = endpoint.face
        var size = 0
        // The same memory again, unless the socket still holds it.
        train.clear(minimumCapacity: 4096)
        while let written = core.nextInterest(now: now, into: &train) {
            let before = train.readableBytes - written
            if before > 0, written != size, let same = train.readSlice(length: before) {
                face.send(train: same, packetSize: size)
            }
            size = written
        }
        guard train.readableBytes > 0 else { return }
        face.send(train: train, packetSize: size)
        face.flush()
    }

    /// Does for readers what the core says.
    private func perform() {
        for action in core.takeActions() {
            switch action {
            case .open(let reader, let size): readers[reader]?.open(size: size)
            case .restrict(let reader, let parts): readers[reader]?.restrict(to: parts)
            case .push(let to, let chunks, let offset, let statistics):
                for reader in to { readers[reader]?.push(chunks, at: offset, statistics: statistics) }
            case .report(let to, let statistics): for reader in to { readers[reader]?.report(statistics) }
            case .finish(let reader, let outcome, let statistics):
                readers[reader]?.finish(outcome, statistics: statistics)
            case .truncate(let reader, let offset):
                readers[reader]?.truncate(to: offset)
                logger.debug("a slow reader goes on alone", metadata: ["offset": .stringConvertible(offset)])
            case .release(let reader): readers[reader] = nil
            case .askForMetadata(let transfer): askForMetadata(transfer)
            case .repair(let transfer, let segments, let reader, let octets, let sizes):
                repair(transfer, segments, by: reader, octets, sizes)
            }
        }
    }

    /// A Nack for `<blob>/32=metadata` says that the blob is unknown; everything else, silence and, with trust anchors, a
    /// Nack that is not signed as its Data would have to be included, says nothing.
    private func askForMetadata(_ transfer: BlobTransfer) {
        var interest = InterestBuilder(name: transfer.name.appending(.keyword("metadata")))
        interest.canBePrefix = true
        interest.mustBeFresh = true
        interest.lifetimeMilliseconds = 500
        endpoint.express(interest, retransmissions: 2).assumeIsolated().whenSuccess { [weak self, weak transfer] data in
            guard let self, let transfer, data.contentType == ContentType.nack else { return }
            guard let verification = self.verification else { return self.isUnknown(transfer) }
            let data = data.owned()
            verification.check(data) { [weak self, weak transfer] failure in
                guard let self, let transfer else { return }
                if let failure { self.log(failure, of: data) } else { self.isUnknown(transfer) }
            }
            verification.flush()
        }
    }

    private func isUnknown(_ transfer: BlobTransfer) {
        core.isUnknown(transfer)
        settle()
    }

    /// Asks for octets that the path does not give by the way that a reader knows.
    private func repair(
        _ transfer: BlobTransfer, _ segments: Range<UInt64>, by reader: FetchReader.ID, _ octets: Range<UInt64>,
        _ sizes: ClosedRange<UInt64>
    ) {
        let bound = NIOLoopBound((self, transfer), eventLoop: endpoint.face.eventLoop)
        let done: @Sendable (ByteBuffer?) -> Void = { octets in
            bound.eventLoop.execute {
                let (engine, transfer) = bound.value
                engine.core.repaired(segments, of: transfer, with: octets, now: engine.time())
                engine.settle()
            }
        }
        guard let repair = readers[reader]?.repair else { return done(nil) }
        logger.debug(
            "segments are asked for elsewhere",
            metadata: [
                "blob": "\(transfer.name)", "first": .stringConvertible(segments.lowerBound),
                "octets": .stringConvertible(octets.count),
            ])
        repair.request(octets, sizes, done)
    }
}
