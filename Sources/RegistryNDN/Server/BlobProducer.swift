import Logging
internal import NDN
import NIOCore

/// Interest in, Data out: looks segments up in the range cache, sends what is there, and has the rest read.
///
/// Confined to one event loop with all its faces. Interests of a wake-up are collected and answered together at its end, so
/// that consecutive packets leave as trains.
final class BlobProducer {
    /// How long a Nack for an unknown blob counts (docs/protocol.md 10.3).
    static let nackFreshnessMilliseconds: UInt64 = 1000
    /// Nacks that may wait for a key's signature.
    private static let maximumNacks = 64

    private struct Peer {
        let face: Face
        /// The source that limits are kept for; nil on this machine, where no address is forged.
        let limitedHost: PeerHost?
        /// Nil on this machine, which no line is before.
        var repeated: RepeatedInterests?
    }

    let eventLoop: any EventLoop
    let logger: Logger
    private(set) var counters = ServerStatistics()
    /// Why the last read gave nothing; nil once the registry has answered one.
    private(set) var trouble: String?
    private let configuration: RangeCache.Configuration
    private var cache: RangeCache
    let streams: ReadStreams
    private var answers = AnswerQueue()
    private var peers: [UInt64: Peer] = [:]
    private var limiter: SourceLimiter
    private var failures = LogLimiter()
    /// For the log line about reads that were given up because too many waited.
    private var overloads = LogLimiter(interval: .minutes(1))
    private var reportedShed: UInt64 = 0
    private var wakeUp: Scheduled<Void>?
    private var outageWatch: Scheduled<Void>?
    private var signing: SigningQueue?
    private let pool: SigningPool?
    private var nacksBeingSigned = 0
    private let certificates: ServedPackets

    /// - Parameters:
    ///   - certificates: are served under their own names.
    ///   - signing: Signs the packets; nil when a digest does.
    ///   - streams: Has the reads performed; those who do so tell of them with `began`, `arrived` and `ended` or `failed`.
    init(
        _ configuration: RangeCache.Configuration, limits: SourceLimiter.Limits, on eventLoop: any EventLoop,
        logger: Logger, certificates: ServedPackets = ServedPackets([]), signing pool: SigningPool? = nil,
        streams: ReadStreams
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.streams = streams
        self.certificates = certificates
        self.pool = pool
        signing = pool.map { SigningQueue(workers: $0.workers) }
        cache = RangeCache(configuration)
        limiter = SourceLimiter(limits)
    }

    var statistics: ServerStatistics {
        var counters = counters
        counters.cacheOctets = cache.store.octets
        counters.cacheCapacity = configuration.capacity
        counters.evictions = cache.evictions
        counters.waiting = cache.waiters.count
        counters.faces = peers.count
        counters.shed = cache.shed
        return counters
    }

    /// Answers Interests of this face from now on.
    ///
    /// - Parameter isLimited: whether the limits of a source hold for it.
    func add(_ face: Face, isLimited: Bool = true) {
        let host = face.host
        let isFar = !face.isOfThisMachine
        peers[face.id] = Peer(
            face: face, limitedHost: isLimited && isFar ? host : nil, repeated: isFar ? RepeatedInterests() : nil)
        cache.hosts[face.id] = host
    }

    func remove(_ face: Face) {
        peers[face.id] = nil
        cache.hosts[face.id] = nil
        answers.remove(face: face.id)
    }

    // MARK: Interests

    /// Looks an Interest up; the answer leaves with `batchEnded()`. False for a name that is none of this server's.
    @discardableResult
    func receive(_ interest: Interest, _ fields: LinkFields, from face: Face) -> Bool {
        counters.interests &+= 1
        let now = eventLoop.now
        let waiter = Waiter(
            face: face.id, pitToken: fields.pitToken, expires: now + interest.lifetime, nonce: interest.nonce,
            canBePrefix: interest.canBePrefix, mustBeFresh: interest.mustBeFresh)
        let name = interest.name
        if let (blob, segment) = name.splitSegment() {
            let lookup = cache.segment(segment, of: blob, waiter: waiter, now: now)
            if case .refused = lookup {
                refuse(interest, fields, .congestion, on: face)
            } else {
                answer(lookup, waiter)
            }
        } else if name.last == BlobName.metadataComponent {
            let blob = name.dropLast()
            if case .unknown = cache.existence(of: blob, waiter: waiter, now: now) { sendNack(for: blob, to: waiter) }
        } else if name.isPing(of: configuration.prefix) {
            send(DataBuilder(name: name, content: ByteBuffer()), to: waiter)
        } else if let certificate = certificates.packet(for: interest) {
            send(certificate.wire, to: waiter)
        } else if Self.questions.contains(name) {
            refuse(interest, fields, .noRoute, on: face)
        } else {
            return false
        }
        return true
    }

    /// The names that a client's face asks for when nothing comes from its router: a server that answers clients directly says
    /// that it lives, too.
    private static let questions = [ManagementScope.localhost, .localhop].map(\.question)
    /// What it asks the host at the other end of a face.
    private static let neighboursQuestion = ManagementScope.localhop.question

    private func refuse(_ interest: Interest, _ fields: LinkFields, _ reason: NackReason, on face: Face) {
        face.send(
            interest.with(nonce: interest.nonce ?? 0, hopLimit: interest.hopLimit),
            LinkFields(pitToken: fields.pitToken, nack: reason))
        if !face.isInBatch { face.flush() }
    }

    private func answer(_ lookup: RangeCache.Lookup, _ waiter: Waiter) {
        switch lookup {
        case .hit(let range, let index):
            counters.cacheHits &+= 1
            respond(range, index, waiter)
        case .waiting, .unknown, .refused, .ignored:
            // Silence for what does not exist: the original client would take a Nack for an empty segment
            // (docs/protocol.md 10.3).
            break
        }
    }

    /// The packet has arrived; it leaves with the next `sendAnswers`, or once it is signed.
    private func respond(_ range: CachedRange, _ index: Int, _ waiter: Waiter) {
        guard range.isReady(index) else {
            signing?.ask(range, index, waiter)
            return
        }
        send(range, index, to: waiter)
    }

    /// The packet leaves with the next `sendAnswers`, unless it is on its way there.
    ///
    /// An Interest with a PIT token may be one of several that the peer wants answered each.
    private func send(_ range: CachedRange, _ index: Int, to waiter: Waiter) {
        if peers[waiter.face]?.repeated != nil, waiter.pitToken == nil {
            let now = eventLoop.now
            if let age = range.age(of: index, at: waiter.face, now: now), !answersAgain(after: age, waiter.face, now) {
                counters.repeated &+= 1
                return
            }
            range.noteDeparture(of: index, to: waiter.face, now: now)
        }
        answers.add(range, index, for: waiter.face, pitToken: waiter.pitToken)
    }

    private func answersAgain(after age: TimeAmount, _ id: UInt64, _ now: NIODeadline) -> Bool {
        guard let verdict = peers[id]?.repeated?.judge(age: age, now: now) else { return true }
        if verdict.asks, let face = peers[id]?.face,
            let question = ManagementScope.localhop.question(nonce: .random(in: .min ... .max))
        {
            face.send(question)
            if !face.isInBatch { face.flush() }
        }
        return verdict.isAnswered
    }

    /// All Interests of a wake-up have been looked up.
    func batchEnded() {
        sendAnswers()
        startReads()
    }

    /// Whether an Interest is within the limits of its source.
    func admits(_ face: Face) -> Bool {
        guard let host = peers[face.id]?.limitedHost else { return true }
        guard limiter.admits(host, now: eventLoop.now) else {
            counters.interests &+= 1
            counters.limited &+= 1
            return false
        }
        return true
    }

    // MARK: Data

    private func sendAnswers() {
        startSigning()
        guard !answers.isEmpty else { return }
        answers.flush { id, train in
            guard let peer = peers[id] else { return }
            let face = peer.face
            counters.data &+= UInt64(train.count)
            if let host = peer.limitedHost { limiter.charge(host, octets: train.octets.readableBytes) }
            if let token = train.pitToken {
                face.send(train.octets, LinkFields(pitToken: token))
            } else {
                face.send(train: train.octets, packetSize: train.packetSize)
            }
        } sent: { id in
            guard let face = peers[id]?.face, !face.isInBatch else { return }
            face.flush()
        }
    }

    /// The answer to `<blob>/32=metadata` of an unknown blob; the original server never answers such a name.
    ///
    /// A key signs it where one signs Data: a client with a trust anchor believes no other.
    private func sendNack(for blob: Name, to waiter: Waiter) {
        var data = DataBuilder(name: blob.appending(BlobName.metadataComponent))
        data.contentType = ContentType.nack
        data.freshnessMilliseconds = Self.nackFreshnessMilliseconds
        guard let pool else { return send(data, to: waiter) }
        // Silence says the same, only later: a flood of unknown names does not keep the workers from segments.
        guard nacksBeingSigned < Self.maximumNacks else { return }
        nacksBeingSigned += 1
        let work = NIOLoopBound((producer: self, waiter: waiter), eventLoop: eventLoop)
        pool.encode(data, on: eventLoop) { packet in
            let producer = work.value.producer
            producer.nacksBeingSigned -= 1
            producer.counters.signatures &+= 1
            producer.send(packet, to: work.value.waiter)
        }
    }

    private func send(_ data: DataBuilder, to waiter: Waiter) {
        send(try? data.encode(signer: .digest), to: waiter)
    }

    /// - Parameter packet: nil for a packet that could not be made.
    private func send(_ packet: ByteBuffer?, to waiter: Waiter) {
        guard let packet, let peer = peers[waiter.face] else { return }
        let face = peer.face
        counters.data &+= 1
        if let host = peer.limitedHost { limiter.charge(host, octets: packet.readableBytes) }
        face.send(packet, LinkFields(pitToken: waiter.pitToken))
        if !face.isInBatch { face.flush() }
    }

    // MARK: signing

    private func startSigning() {
        while let jobs = signing?.next() {
            var digests: [SHA256Digest] = []
            for job in jobs {
                // Every packet here has a digest: without a key nothing waits for a signature.
                if let digest = job.range.slab?.digest(of: job.index) { digests.append(digest) }
            }
            let work = NIOLoopBound((producer: self, jobs: jobs), eventLoop: eventLoop)
            pool?.sign(digests, on: eventLoop) { work.value.producer.signed(work.value.jobs, $0) }
        }
    }

    /// The workers have signed packets, in the order given; nil for what could not be signed.
    private func signed(_ jobs: [SigningQueue.Job], _ signatures: [ByteBuffer?]) {
        for (job, signature) in zip(jobs, signatures) {
            if let signature { job.range.slab?.sign(job.index, signature) }
        }
        counters.signatures &+= UInt64(jobs.count)
        let now = eventLoop.now
        signing?.done(jobs) { job, waiter in
            guard waiter.expires > now, job.range.isReady(job.index) else { return }
            send(job.range, job.index, to: waiter)
        }
        sendAnswers()
    }

    // MARK: reads

    /// The next read of a stream, once there is one that is of use; nil when the stream ends.
    ///
    /// - Parameter position: the offset in the blob of the byte that the stream's body gives next; nil without a body.
    func next(_ stream: Int, at position: UInt64?) -> EventLoopFuture<StreamPlan.Assignment?> {
        streams.next(stream, at: position) { cache.isAwaited($0.id) }
    }

    /// The bytes from `offset` on pass by before those of the read `id`; the read that keeps them, if there is room.
    func passing(_ offset: UInt64, before id: Int) -> OriginRead? {
        guard let read = cache.passing(offset, before: id, streams: streams.count, now: eventLoop.now) else {
            return nil
        }
        counters.registryReads &+= 1
        return read
    }

    private func startReads() {
        while let read = cache.nextRead(streams: streams.count, now: eventLoop.now) {
            counters.registryReads &+= 1
            if streams.add(read) { counters.registryStreams &+= 1 }
        }
        reportOverload()
        startReadsLater()
        watchForOutage()
    }

    /// Starts reads again when the registry may be asked for blobs that perhaps do not exist.
    private func startReadsLater() {
        guard wakeUp == nil, let deadline = cache.deadline(now: eventLoop.now) else { return }
        wakeUp = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.wakeUp = nil
            self?.startReads()
        }
    }

    // MARK: a registry that is away

    /// Looks again when the registry may have been silent for too long.
    private func watchForOutage() {
        guard outageWatch == nil, let deadline = cache.outage.deadline else { return }
        outageWatch = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            outageWatch = nil
            if cache.expireOutage(now: eventLoop.now) { registryIsSilent() }
            watchForOutage()
        }
    }

    private func registryIsSilent() {
        let why = "it has sent nothing for \(RegistryOutage.patience.nanoseconds / 1_000_000_000) s"
        trouble = why
        if let suppressed = failures.pass(now: eventLoop.now) {
            logger.warning(
                "cannot read from the registry",
                metadata: ["why": "\(why)", "not_logged": .stringConvertible(suppressed)])
        }
        sendRefusals()
    }

    /// Tells those who waited that nothing comes for now: a forwarder asks its other next hop.
    ///
    /// The reason is Congestion, by which consumers come back: after NoRoute they give up.
    private func sendRefusals() {
        for refusal in cache.refused.take() {
            let waiter = refusal.waiter
            guard let peer = peers[waiter.face] else { continue }
            var interest = InterestBuilder(name: refusal.blob.appending(.segment(refusal.segment)))
            (interest.canBePrefix, interest.mustBeFresh) = (waiter.canBePrefix, waiter.mustBeFresh)
            interest.nonce = waiter.nonce ?? 0
            guard let packet = try? interest.encode() else { continue }
            peer.face.send(packet, LinkFields(pitToken: waiter.pitToken, nack: .congestion))
            if !peer.face.isInBatch { peer.face.flush() }
        }
    }

    private func reportOverload() {
        guard cache.shed != reportedShed, overloads.pass(now: eventLoop.now) != nil else { return }
        logger.warning(
            "too many Interests for blobs not asked for before, most of which the registry does not have: some are not answered",
            metadata: ["dropped": "\(cache.shed &- reportedShed)"])
        reportedShed = cache.shed
    }

    /// The size of the blob that a read is for; nil while nobody has told.
    func size(for id: Int) -> UInt64? { cache.size(for: id) }

    /// The registry has told the size of the blob. Returns where the packets are to be made; nil when the read is of no use.
    func began(_ id: Int, total: UInt64) throws(WireError) -> SlabLayout? {
        try cache.began(id, total: total, now: eventLoop.now)
    }

    /// The next bytes of a read are there, and become packets here.
    func pack(_ id: Int, _ octets: ByteBuffer) { arrived(id, cache.pack(id, octets)) }

    /// The next packets of a read are there.
    func arrived(_ id: Int, _ filled: SlabFiller.Filled) {
        counters.registryOctets &+= UInt64(filled.octets)
        cache.arrived(id, filled, now: eventLoop.now) { waiter, range, index in
            respond(range, index, waiter)
        }
        sendAnswers()
    }

    /// The body has ended. Returns false when bytes are missing: the read has failed then.
    func ended(_ id: Int) -> Bool {
        defer { startReads() }
        guard cache.ended(id, now: eventLoop.now) else { return false }
        trouble = nil
        return true
    }

    /// - Parameter why: What goes to the log; nil for what is no fault, such as an unknown blob.
    func failed(_ id: Int, _ failure: ReadFailure, why: String?) {
        let isNews = cache.failed(id, failure, now: eventLoop.now) { waiter, blob in
            sendNack(for: blob.name, to: waiter)
        }
        sendRefusals()
        let why = isNews ? why : nil
        note(failure, why)
        if failure == .outOfReach, let why {
            logger.warning("a blob is not served over NDN", metadata: ["why": "\(why)"])
        } else if let why, let suppressed = failures.pass(now: eventLoop.now) {
            logger.warning(
                "cannot read from the registry",
                metadata: ["why": "\(why)", "not_logged": .stringConvertible(suppressed)])
        }
        startReads()
    }

    /// What a failed read tells of the registry. That it does not have a blob, or not as it must, is an answer.
    private func note(_ failure: ReadFailure, _ why: String?) {
        switch failure {
        case .unknown, .beyondEnd, .outOfReach: trouble = nil
        case .refused: if why != nil { counters.registryFailures &+= 1 }
        case .failed:
            guard let why else { return }
            counters.registryFailures &+= 1
            trouble = why
        }
    }
}

extension BlobProducer: FaceDelegate {
    func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool {
        !admits(face) || receive(interest, fields, from: face)
    }

    func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool {
        heard(data.name, from: face)
        return false
    }

    func face(_ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields) -> Bool {
        heard(interest.name, from: face)
        return false
    }

    /// A packet that may answer how far the peer is. Others may wait for it too.
    private func heard(_ name: Name, from face: Face) {
        guard Self.neighboursQuestion.isPrefix(of: name) else { return }
        peers[face.id]?.repeated?.heard(now: eventLoop.now)
    }

    func faceBatchEnded(_ face: Face) { batchEnded() }

    func face(_ face: Face, changed state: FaceState) {
        switch state {
        case .up: if peers[face.id] == nil { add(face) }
        case .down: break
        case .closed: remove(face)
        }
    }
}

extension Face {
    fileprivate var isOfThisMachine: Bool {
        remote.scheme == .unix || remote.host.hasPrefix("127.") || remote.host == "::1"
    }
}
