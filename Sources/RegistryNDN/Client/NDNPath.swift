internal import Logging
internal import NDN
internal import NIOCore
internal import Synchronization

/// The NDN path to the prefix: whether requests take it, and what finds out when it works again.
final class NDNPath: Sendable {
    /// How often what is being read is looked at.
    private static let lookInterval = Duration.seconds(1)

    private struct State {
        var health: PathHealth<BlobName>
        var readings: [ObjectIdentifier: (reading: BlobReading, seen: SilenceWatch.Counts)] = [:]
        /// Of those that are over too.
        var counts = SilenceWatch.Counts()
        var silence = SilenceWatch()

        mutating func count(_ reading: BlobReading, isOver: Bool) {
            let id = ObjectIdentifier(reading)
            guard let seen = readings[id]?.seen else { return }
            let now = reading.counts
            // A reading that goes on through another router begins anew.
            let before = now.interests < seen.interests ? SilenceWatch.Counts() : seen
            counts.interests &+= now.interests &- before.interests
            counts.segments &+= now.segments &- before.segments
            counts.octets &+= now.octets &- before.octets
            counts.outstanding = counts.outstanding &- seen.outstanding &+ (isOver ? 0 : now.outstanding)
            readings[id] = isOver ? nil : (reading, now)
        }
    }

    private let state: Mutex<State>
    private let failures: AsyncStream<Void>
    private let failed: AsyncStream<Void>.Continuation
    private let begins: AsyncStream<Void>
    private let begun: AsyncStream<Void>.Continuation
    private let policy: FallbackPolicy
    private let logger: Logger

    /// - Parameter policy: what becomes of blobs while the path is down.
    init(health: PathHealth<BlobName> = PathHealth(), policy: FallbackPolicy = .proxy, logger: Logger) {
        state = Mutex(State(health: health))
        self.policy = policy
        self.logger = logger
        (failures, failed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (begins, begun) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var isUsable: Bool { state.withLock { $0.health.isUsable(now: .now()) } }

    /// How the path stands, in words for people.
    var standing: String { state.withLock { $0.health.standing(now: .now()) } }

    /// Takes note of a failed fetch.
    func failed(_ blob: BlobName, _ error: FetchError) {
        // Whoever serves the prefix has said so.
        if error == .notFound { return answered() }
        let isCertain = error == .faceDown || error == .noRoute
        guard error.isPathFailure,
            state.withLock({ $0.health.failed(blob, isCertain: isCertain, now: .now()) })
        else { return }
        logger.warning(
            "NDN path down; \(policy.meanwhile)",
            metadata: ["blob": "\(blob)", "error": "\(error)"])
        failed.yield()
    }

    /// Takes note of an answer.
    func answered() {
        if state.withLock({ $0.health.answered(now: .now()) }) { logger.notice("NDN path up") }
    }

    // MARK: Probing

    /// Probes the path while it is down, until the task is cancelled.
    func run(_ source: BlobSource) async {
        for await _ in failures {
            while !Task.isCancelled, let wait = await probe(source) {
                try? await Task.sleep(for: .nanoseconds(wait.nanoseconds))
            }
        }
    }

    /// Sends a probe when one is due. Returns how long to wait for the next; nil when none is needed.
    private func probe(_ source: BlobSource) async -> TimeAmount? {
        switch state.withLock({ $0.health.nextProbe(now: .now()) }) {
        case .none: return nil
        case .wait(let amount): return amount
        case .probe(let blob):
            if await source.probe(blob) { answered() }
            return .zero
        }
    }

    // MARK: Silence

    /// Somebody begins to read.
    func begin(_ request: BlobRequest, _ stream: any BlobStream) -> BlobReading {
        let reading = BlobReading(request, stream)
        state.withLock { $0.readings[ObjectIdentifier(reading)] = (reading, .init()) }
        begun.yield()
        return reading
    }

    /// Nobody reads that any more.
    func end(_ reading: BlobReading) {
        state.withLock { $0.count(reading, isOver: true) }
    }

    /// Looks at what is being read: a path that leaves most of it unanswered is compared with the upstream, and left when that
    /// is much faster. Until the task is cancelled.
    func watch(against upstream: UpstreamClient) async {
        // There is no other way.
        guard policy != .fail else { return }
        for await _ in begins {
            while !Task.isCancelled, state.withLock({ !$0.readings.isEmpty }) {
                try? await Task.sleep(for: Self.lookInterval)
                guard let (slow, reading) = look() else { continue }
                await compare(slow, reading, UpstreamTrial(upstream: upstream))
            }
        }
    }

    /// - Returns: octets a second of a path that is to be compared with the upstream, and what is being read on it.
    private func look() -> (rate: Double, reading: BlobReading)? {
        state.withLock { state in
            let now = NIODeadline.now()
            for reading in state.readings.values.map(\.reading) { state.count(reading, isOver: false) }
            let awaited = state.readings.values.first { $0.reading.isAwaited }?.reading
            guard let rate = state.silence.observe(state.counts, isAwaited: awaited != nil, now: now), let awaited,
                state.health.beginsTrial(now: now)
            else { return nil }
            return (rate, awaited)
        }
    }

    private func compare(_ before: Double, _ reading: BlobReading, _ trial: UpstreamTrial) async {
        let (start, octets) = (NIODeadline.now(), state.withLock { $0.counts.octets })
        let upstream = await trial.measure(reading.request, size: reading.stream.size)
        guard !Task.isCancelled else { return }
        let left = state.withLock { state -> (minutes: Int, readings: [BlobReading])? in
            let now = NIODeadline.now()
            for reading in state.readings.values.map(\.reading) { state.count(reading, isOver: false) }
            let meanwhile = Double(state.counts.octets &- octets) * 1e9 / Double(max((now - start).nanoseconds, 1))
            state.silence.reset()
            return state.health.tried(path: max(before, meanwhile), upstream: upstream, now: now)
                .map { ($0, state.readings.values.map(\.reading)) }
        }
        let metadata: Logger.Metadata = [
            "prefix": "\(reading.request.blob.prefix)", "ndn_bytes_per_second": "\(Int(before))",
            "upstream_bytes_per_second": "\(Int(upstream))",
        ]
        guard let left else {
            return logger.info(
                "NDN leaves most Interests unanswered, and the upstream is no faster", metadata: metadata)
        }
        logger.warning(
            """
            NDN path left for \(left.minutes) minute\(left.minutes == 1 ? "" : "s"), since it leaves most Interests unanswered; \
            \(policy.meanwhile)
            """,
            metadata: metadata)
        for reading in left.readings { reading.leave() }
    }
}
