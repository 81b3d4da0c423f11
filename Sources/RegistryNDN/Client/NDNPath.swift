internal import Logging
internal import NDN
internal import NIOCore
internal import Synchronization

/// The NDN path to the prefix: whether requests take it, and what finds out when it works again.
final class NDNPath: Sendable {
    /// The time between two looks at the pulls under way.
    private static let lookInterval = Duration.seconds(1)

    private struct State {
        var health: PathHealth<PathProbe>
        var pulls: [ObjectIdentifier: (pull: ActivePull, seen: SilenceWatch.Counts)] = [:]
        /// The counts of all pulls, those that are over included.
        var counts = SilenceWatch.Counts()
        var silence = SilenceWatch()
        var drought: NDNDrought
        /// The requests, by their ids, that are answered without NDN, with what the registry had given them at the last look.
        var departed: [String: (pull: RunningPull, seen: UInt64)] = [:]
        /// What it gave all of them, those that are over included.
        var registryOctets: UInt64 = 0
        /// Round-trip time of the last pull that had one.
        var roundTrip: TimeAmount?

        /// Counts what came up to now.
        mutating func count(now: NIODeadline) {
            for pull in pulls.values.map(\.pull) { count(pull, isOver: false) }
            for id in departed.keys { countRegistry(id) }
            observe(now: now)
        }

        mutating func observe(now: NIODeadline) {
            drought.observe(.init(ndn: counts.octets, registry: registryOctets), now: now)
        }

        mutating func countRegistry(_ id: String) {
            guard let (pull, seen) = departed[id] else { return }
            let octets = pull.upstreamBytes
            registryOctets &+= octets &- seen
            departed[id] = (pull, octets)
        }

        mutating func count(_ pull: ActivePull, isOver: Bool) {
            let id = ObjectIdentifier(pull)
            guard let seen = pulls[id]?.seen else { return }
            let now = pull.counts
            // The counts of a pull that goes on through another router begin anew.
            let before = now.interests < seen.interests ? SilenceWatch.Counts() : seen
            counts.interests &+= now.interests &- before.interests
            counts.segments &+= now.segments &- before.segments
            counts.octets &+= now.octets &- before.octets
            counts.outstanding = counts.outstanding &- seen.outstanding &+ (isOver ? 0 : now.outstanding)
            pulls[id] = isOver ? nil : (pull, now)
        }
    }

    private let state: Mutex<State>
    private let questions: AsyncStream<Void>
    private let questioned: AsyncStream<Void>.Continuation
    private let begins: AsyncStream<Void>
    private let begun: AsyncStream<Void>.Continuation
    private let departures: AsyncStream<Void>
    private let departure: AsyncStream<Void>.Continuation
    private let policy: FallbackPolicy
    private let logger: Logger

    /// - Parameter policy: what becomes of blobs while the path is down.
    init(health: PathHealth<PathProbe> = PathHealth(), policy: FallbackPolicy = .proxy, logger: Logger) {
        state = Mutex(State(health: health, drought: NDNDrought(now: .now())))
        self.policy = policy
        self.logger = logger
        (questions, questioned) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (begins, begun) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (departures, departure) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Why requests do not go over it; nil when they do.
    var obstacle: Fallback? { state.withLock { $0.health.obstacle(now: .now()) } }

    /// The state of the path, in words for people.
    var standing: String { state.withLock { $0.health.standing(now: .now()) } }

    /// Notes a failed fetch.
    func failed(_ probe: PathProbe, _ error: FetchError) {
        // The producer of the prefix has said so: the path works.
        if error == .notFound { return answered(probe.blob) }
        let isCertain = error == .faceDown || error == .noRoute
        guard error.isPathFailure else { return }
        if state.withLock({ $0.health.failed(probe, isCertain: isCertain, now: .now()) }) { tellDown(probe, error) }
        questioned.yield()
    }

    /// Notes that all that was asked for of a blob came over NDN.
    func delivered() {
        state.withLock { $0.health.delivered() }
    }

    /// Notes an answer about a blob, which a cache on the way may have given.
    func answered(_ blob: BlobName) {
        if state.withLock({ $0.health.answered(PathProbe(blob: blob, hasBegun: true), now: .now()) }) { tellUp() }
        questioned.yield()
    }

    private func tellUp() { logger.notice("NDN path up") }

    private func tellDown(_ probe: PathProbe, _ error: FetchError) {
        logger.warning(
            "NDN path down; \(policy.meanwhile)",
            metadata: ["blob": "\(probe.blob)", "error": "\(error)"])
    }

    // MARK: Probing

    /// Probes the path while it is down or in doubt, until the task is cancelled.
    func run(_ source: BlobSource) async {
        for await _ in questions {
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
        case .probe(let probe):
            let isAnswered = await source.probe(probe)
            switch state.withLock({ $0.health.probed(probe, isAnswered: isAnswered, now: .now()) }) {
            case true: tellUp()
            case false: tellDown(probe, .stalled)
            case nil: break
            }
            return .zero
        }
    }

    // MARK: Silence

    /// A pull begins to read over the path.
    func begin(_ request: BlobPull, _ stream: any BlobStream) -> ActivePull {
        let pull = ActivePull(request, stream)
        state.withLock { $0.pulls[ObjectIdentifier(pull)] = (pull, .init()) }
        begun.yield()
        return pull
    }

    /// A pull reads no more over the path.
    func end(_ pull: ActivePull) {
        let roundTrip = pull.stream.statistics.smoothedRTT
        state.withLock { state in
            state.count(pull, isOver: true)
            state.observe(now: .now())
            state.roundTrip = roundTrip ?? state.roundTrip
        }
    }

    /// Looks at the pulls under way until the task is cancelled: a path that leaves most Interests unanswered is compared with the
    /// upstream, and left when the upstream is much faster.
    func watch(against upstream: UpstreamClient) async {
        // Blobs may come over no other way.
        guard policy != .fail else { return }
        for await _ in begins {
            while !Task.isCancelled, state.withLock({ !$0.pulls.isEmpty }) {
                try? await Task.sleep(for: Self.lookInterval)
                guard let (slow, pull) = look() else { continue }
                await compare(slow, pull, UpstreamTrial(upstream: upstream))
            }
        }
    }

    /// - Returns: the bytes a second of a path that is to be compared with the upstream, and a pull on it.
    private func look() -> (rate: Double, pull: ActivePull)? {
        state.withLock { state in
            let now = NIODeadline.now()
            state.count(now: now)
            let awaited = state.pulls.values.first { $0.pull.isAwaited }?.pull
            guard let rate = state.silence.observe(state.counts, isAwaited: awaited != nil, now: now), let awaited,
                state.health.beginsTrial(now: now)
            else { return nil }
            return (rate, awaited)
        }
    }

    // MARK: Drought

    /// A request is answered without NDN from now on, which may be told again; ``arrived(_:)`` follows.
    func departed(_ record: RequestRecord) {
        state.withLock { state in
            let now = NIODeadline.now()
            state.count(now: now)
            if let pull = record.running, state.departed[record.id] == nil {
                state.departed[record.id] = (pull, record.upstreamBytes)
            }
            state.drought.departed(record.id, record.fallback, now: now)
        }
        departure.yield()
    }

    /// A request is over, whether it departed or not.
    func arrived(_ id: String) {
        state.withLock { state in
            state.countRegistry(id)
            state.departed[id] = nil
            state.drought.arrived(id, now: .now())
        }
    }

    /// Logs while blobs are asked for and next to nothing comes over NDN, until the task is cancelled.
    func tellDroughts() async {
        for await _ in departures {
            repeat {
                try? await Task.sleep(for: Self.lookInterval)
                tellDrought()
            } while !Task.isCancelled && state.withLock({ $0.drought.isUndecided(now: .now()) })
        }
    }

    private func tellDrought() {
        let notice = state.withLock { state in
            let now = NIODeadline.now()
            state.count(now: now)
            return state.drought.notice(now: now)
        }
        switch notice {
        case .lasts(let report):
            logger.warning(
                report.hasBrought
                    ? "blobs are asked for, and next to nothing of them comes over NDN"
                    : "blobs are asked for, and none comes over NDN",
                metadata: ["seconds": .stringConvertible(report.seconds), "reason": "\(report.reason)"])
        case .isOver: logger.notice("blobs come over NDN again")
        case .isQuiet: logger.notice("blobs are not asked for any more; whether they would come over NDN is not known")
        case nil: break
        }
    }

    /// What there is to say of the path at this moment.
    func snapshot() -> PathSnapshot {
        state.withLock { state in
            let now = NIODeadline.now()
            state.count(now: now)
            let statistics = state.pulls.values.map { $0.pull.stream.statistics }
            return PathSnapshot(
                isUp: state.health.isUp, standing: state.health.standing(now: now), fallback: state.drought.reason,
                drought: state.drought.report(now: now),
                sinceSuccess: state.drought.lastSuccess.map { now - $0 }, pulls: state.pulls.count,
                roundTrip: statistics.compactMap(\.smoothedRTT).min() ?? state.roundTrip,
                window: statistics.map(\.window).max() ?? 0, outstanding: state.counts.outstanding)
        }
    }

    private func compare(_ before: Double, _ pull: ActivePull, _ trial: UpstreamTrial) async {
        let (start, octets) = (NIODeadline.now(), state.withLock { $0.counts.octets })
        let upstream = await trial.measure(pull.request, size: pull.stream.size)
        guard !Task.isCancelled else { return }
        let isDead = state.withLock { state in
            state.count(now: .now())
            return before == 0 && state.counts.octets == octets
        }
        if isDead { return condemn(pull) }
        let left = state.withLock { state -> (minutes: Int, pulls: [ActivePull])? in
            let now = NIODeadline.now()
            let meanwhile = Double(state.counts.octets &- octets) * 1e9 / Double(max((now - start).nanoseconds, 1))
            state.silence.reset()
            return state.health.tried(path: max(before, meanwhile), upstream: upstream, now: now)
                .map { ($0, state.pulls.values.map(\.pull)) }
        }
        let metadata: Logger.Metadata = [
            "prefix": "\(pull.request.blob.prefix)", "ndn_bytes_per_second": "\(Int(before))",
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
        for pull in left.pulls { pull.leave() }
    }

    /// Nothing at all comes: the path is not slow but down, and back as soon as it answers a probe.
    private func condemn(_ pull: ActivePull) {
        let probe = PathProbe(blob: pull.request.blob, hasBegun: true)
        let (isNews, pulls) = state.withLock { state in
            state.silence.reset()
            return (
                state.health.failed(probe, isCertain: true, now: .now()), state.pulls.values.map(\.pull)
            )
        }
        if isNews { tellDown(probe, .stalled) }
        questioned.yield()
        for pull in pulls { pull.leave() }
    }
}
