import NIOCore
import NIOPosix

/// Checks the signatures of segments on other threads, before anything is done with their payloads. Confined to the face's
/// event loop, which it never blocks.
final class SegmentVerification {
    /// Packets being checked or waiting for a certificate, at most; further ones are dropped, and asked for again.
    static let maximumPending = 4096
    /// Packets that one thread checks before it tells.
    private static let batch = 8

    private struct Check {
        let data: DataPacket
        let key: PublicKey
        let done: (TrustFailure?) -> Void
    }

    private let eventLoop: any EventLoop
    private let resolver: KeyResolver
    private let threads: NIOThreadPool
    private var queue: [Check] = []
    private var pending = 0
    private let settled: () -> Void

    /// - Parameter settled: Called after verdicts, once for those of a batch.
    init(_ policy: TrustPolicy, endpoint: Endpoint, settled: @escaping () -> Void) {
        eventLoop = endpoint.face.eventLoop
        self.settled = settled
        threads = NIOThreadPool(numberOfThreads: min(4, max(1, System.coreCount)))
        threads.start()
        resolver = KeyResolver(policy, now: { WallClock.milliseconds() }) { [weak endpoint] interest, done in
            guard let endpoint else { return done(nil) }
            var interest = interest
            // So that what is missing is told, and what was lost is there, before the blob's size counts as unknown; what
            // arrives later than this answers the next one from a cache.
            interest.lifetimeMilliseconds = 400
            endpoint.express(interest, retransmissions: 2).assumeIsolated().whenComplete { done(try? $0.get()) }
        }
    }

    /// Checks a packet, which is in memory of its own; `done` gets what is wrong with it, nil for a trusted one, and is never called for a dropped one.
    func check(_ data: DataPacket, _ done: @escaping (TrustFailure?) -> Void) {
        guard pending < Self.maximumPending else { return }
        pending += 1
        let locator: Name
        do throws(TrustFailure) {
            locator = try resolver.policy.locator(of: data.signature, signing: data.name)
        } catch {
            return tell(error, done)
        }
        resolver.key(locator) { [self] result in
            switch result {
            case .success(let key): queue.append(Check(data: data, key: key, done: done))
            case .failure(let failure): tell(failure, done)
            }
            if queue.count >= Self.batch { flush() }
        }
    }

    private func tell(_ failure: TrustFailure?, _ done: @escaping (TrustFailure?) -> Void) {
        let verdict = NIOLoopBound((self, done), eventLoop: eventLoop)
        // Later, so that whoever asked is done with its own step.
        eventLoop.execute {
            let (verification, done) = verdict.value
            verification.pending -= 1
            done(failure)
            verification.settled()
        }
    }

    /// Hands what was collected to the threads; at the end of each batch of packets.
    func flush() {
        guard !queue.isEmpty else { return }
        let checks = queue
        queue = []
        let packets = checks.map { ($0.data, $0.key) }
        let bound = NIOLoopBound((self, checks), eventLoop: eventLoop)
        let eventLoop = eventLoop
        threads.submit { state in
            guard case .active = state else { return }
            var verification = DataVerification()
            let verdicts = packets.map { verification.verify($0, with: $1) }
            eventLoop.execute { bound.value.0.finish(bound.value.1, verdicts) }
        }
    }

    private func finish(_ checks: [Check], _ verdicts: [Bool]) {
        pending -= checks.count
        for (check, isGenuine) in zip(checks, verdicts) {
            check.done(isGenuine ? nil : TrustFailure(rule: .forged, name: check.data.name))
        }
        settled()
    }

    func close() {
        threads.shutdownGracefully { _ in }
    }
}
