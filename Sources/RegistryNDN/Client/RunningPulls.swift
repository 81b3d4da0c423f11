internal import DequeModule
internal import NDN
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// A pull that is being answered: what those who watch the client see of it. Its request writes, and they read.
final class RunningPull: Sendable {
    /// As in the log.
    let id: String
    let repository: String
    let digest: String
    let began: NIODeadline
    private let fromNDN = Atomic<UInt64>(0)
    private let fromUpstream = Atomic<UInt64>(0)
    private let expected = Atomic<UInt64>(.max)

    init(id: String, _ repository: RepositoryName, _ digest: ContentDigest, began: NIODeadline) {
        (self.id, self.repository, self.digest, self.began) = (id, repository.text, digest.description, began)
    }

    /// Octets that came so far.
    var ndnBytes: UInt64 {
        get { fromNDN.load(ordering: .relaxed) }
        set { fromNDN.store(newValue, ordering: .relaxed) }
    }
    var upstreamBytes: UInt64 {
        get { fromUpstream.load(ordering: .relaxed) }
        set { fromUpstream.store(newValue, ordering: .relaxed) }
    }
    /// Octets that the answer will have; nil while that is not known.
    var size: UInt64? {
        get { expected.load(ordering: .relaxed).nonMaximum }
        set { expected.store(newValue ?? .max, ordering: .relaxed) }
    }
}

/// The pulls of one registry that are being answered, and the last ones that were.
final class RunningPulls: Sendable {
    /// One that is over.
    struct Finished: Sendable {
        let pull: RunningPull
        let end: NIODeadline
        let fallback: String?
        /// nil when no head was sent.
        let status: Int?
        /// Why those who pulled did not get it; nil when they did.
        let failure: String?
    }

    /// How many that are over are kept.
    static let finishedLimit = 10

    private struct State {
        var running: [String: RunningPull] = [:]
        var finished = Deque<Finished>()
    }

    private let state = Mutex(State())

    /// Those that are being answered, oldest first.
    var running: [RunningPull] { state.withLock { Array($0.running.values) }.sorted { $0.began < $1.began } }

    /// Those that are over, newest first.
    var finished: [Finished] { state.withLock { $0.finished.reversed() } }

    func begin(_ pull: RunningPull) { state.withLock { $0.running[pull.id] = pull } }

    /// - Parameters:
    ///   - record: what became of it.
    ///   - status: nil when no head was sent.
    func end(_ pull: RunningPull, _ record: RequestRecord, _ status: HTTPResponseStatus?, now: NIODeadline) {
        let answer = status.flatMap { $0.code >= 400 ? "the registry answers \($0.code) \($0.reasonPhrase)" : nil }
        let finished = Finished(
            pull: pull, end: now, fallback: record.fallback?.description, status: status.map { Int($0.code) },
            failure: record.failure ?? answer)
        state.withLock { state in
            state.running.removeValue(forKey: pull.id)
            if state.finished.count == Self.finishedLimit { state.finished.removeFirst() }
            state.finished.append(finished)
        }
    }
}

extension UInt64 {
    fileprivate var nonMaximum: UInt64? { self == .max ? nil : self }
}
