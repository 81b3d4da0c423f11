internal import NDN
internal import Synchronization

/// A pull whose bytes come over the NDN path at the moment.
final class ActivePull: Sendable {
    let request: BlobPull
    let stream: any BlobStream
    private let isWaiting = Atomic(false)
    private let hasEnded = Atomic(false)

    init(_ request: BlobPull, _ stream: any BlobStream) {
        self.request = request
        self.stream = stream
    }

    /// Whether its reader waits for bytes.
    var isAwaited: Bool { isWaiting.load(ordering: .relaxed) }

    /// What it has asked the path for and got so far.
    var counts: SilenceWatch.Counts {
        let statistics = stream.statistics
        return SilenceWatch.Counts(
            interests: statistics.interests, segments: statistics.segments, octets: statistics.octets,
            outstanding: statistics.outstanding)
    }

    /// Ends the stream: its reader goes on by another way.
    func leave() {
        hasEnded.store(true, ordering: .releasing)
        stream.cancel()
    }

    /// Waits for bytes with `wait`.
    ///
    /// - Throws: what `wait` throws; `BlobFailure.pathLeft` when that was caused by ``leave()``.
    func waiting<T>(_ wait: () async throws -> T) async throws -> T {
        isWaiting.store(true, ordering: .relaxed)
        defer { isWaiting.store(false, ordering: .relaxed) }
        do {
            return try await wait()
        } catch FetchError.cancelled where hasEnded.load(ordering: .acquiring) {
            throw BlobFailure.pathLeft
        }
    }
}
