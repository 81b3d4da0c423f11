internal import Logging
internal import NIOCore
internal import Synchronization

/// The NDN path to the prefix: whether requests take it, and what finds out when it works again.
final class NDNPath: Sendable {
    private let health: Mutex<PathHealth<BlobName>>
    private let failures: AsyncStream<Void>
    private let failed: AsyncStream<Void>.Continuation
    private let policy: FallbackPolicy
    private let logger: Logger

    /// - Parameter policy: what becomes of blobs while the path is down, for the log.
    init(health: PathHealth<BlobName> = PathHealth(), policy: FallbackPolicy = .proxy, logger: Logger) {
        self.health = Mutex(health)
        self.policy = policy
        self.logger = logger
        (failures, failed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var isUsable: Bool { health.withLock { $0.isUsable(now: .now()) } }

    /// Takes note of a failed fetch.
    func failed(_ blob: BlobName, _ error: FetchError) {
        let isCertain = error == .faceDown || error == .noRoute
        guard error.isPathFailure, health.withLock({ $0.failed(blob, isCertain: isCertain, now: .now()) }) else {
            return
        }
        logger.warning(
            "NDN path down; \(policy.meanwhile)",
            metadata: ["prefix": "\(blob.prefix)", "blob": "\(blob)", "error": "\(error)"])
        failed.yield()
    }

    /// Takes note of an answer.
    func answered() {
        if health.withLock({ $0.answered(now: .now()) }) { logger.notice("NDN path up") }
    }

    /// Probes the path while it is down, until the task is cancelled.
    func run(_ source: any BlobSource) async {
        for await _ in failures {
            while !Task.isCancelled, let wait = await probe(source) {
                try? await Task.sleep(for: .nanoseconds(wait.nanoseconds))
            }
        }
    }

    /// Sends a probe when one is due. Returns how long to wait for the next; nil when none is needed.
    private func probe(_ source: any BlobSource) async -> TimeAmount? {
        switch health.withLock({ $0.nextProbe(now: .now()) }) {
        case .none: return nil
        case .wait(let amount): return amount
        case .probe(let blob):
            if await source.probe(blob) { answered() }
            return .zero
        }
    }
}
