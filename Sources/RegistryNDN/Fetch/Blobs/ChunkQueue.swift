import NIOCore
import Synchronization

/// Chunks of a blob on their way from the fetch on the face's event loop to one reader in a task.
///
/// The loop pushes, the reader pulls; the reader wakes the loop only when the loop asked for that. One reader task at a
/// time.
final class ChunkQueue: Sendable {
    private struct State {
        var size: UInt64?
        var chunks = ReaderChunks()
        /// The fetch waits for this reader's progress.
        var isAwaited = false
        var waiting: CheckedContinuation<Void, Never>?
        var statistics = FetchStatistics()
    }

    private let state = Mutex(State())
    /// Called from the reader's side, on any thread: it made progress that was awaited, or it is gone.
    private let changed: @Sendable () -> Void
    /// From where its reader has what the path gives only faulty; nil: from nowhere.
    let repair: BlobRepair?
    /// From where on it reads when it may hang up at any time; nil: it reads all that it asked for.
    let openBegin: UInt64?

    init(repair: BlobRepair? = nil, openBegin: UInt64? = nil, changed: @escaping @Sendable () -> Void) {
        self.repair = repair
        self.openBegin = openBegin
        self.changed = changed
    }

    /// Changes what the reader may wait for.
    private func change<Result: Sendable>(_ change: (inout State) -> Result) -> Result {
        let (result, waiting) = state.withLock { state in
            let result = change(&state)
            defer { state.waiting = nil }
            return (result, state.waiting)
        }
        waiting?.resume()
        return result
    }

    // MARK: The loop's side

    func open(size: UInt64) {
        change { $0.size = size }
    }

    /// See ``ReaderChunks/restrict(to:)``.
    func restrict(to parts: BlobParts) {
        state.withLock { $0.chunks.restrict(to: parts) }
    }

    /// See ``ReaderChunks/push(_:at:)``.
    func push(_ chunks: [ByteBuffer], at offset: UInt64, statistics: FetchStatistics) {
        change { state in
            state.statistics = statistics
            state.chunks.push(chunks, at: offset)
        }
    }

    /// Tells what the fetch does while there is nothing to push.
    func report(_ statistics: FetchStatistics) {
        state.withLock { $0.statistics = statistics }
    }

    /// See ``ReaderChunks/finish(_:)``.
    func finish(_ outcome: Result<Void, FetchError>, statistics: FetchStatistics) {
        change { state in
            state.statistics = statistics
            state.chunks.finish(outcome)
        }
    }

    /// Where the reader is.
    ///
    /// - Parameter isAwaited: whether to call back on its next progress.
    func progress(awaiting isAwaited: Bool) -> FetchReader.Progress {
        state.withLock { state in
            state.isAwaited = isAwaited
            return state.chunks.progress
        }
    }

    /// See ``ReaderChunks/truncate(to:)``.
    func truncate(to offset: UInt64) {
        state.withLock { $0.chunks.truncate(to: offset) }
    }

    // MARK: The reader's side

    var statistics: FetchStatistics { state.withLock { $0.statistics } }

    /// The blob's size, once known.
    func size() async throws(FetchError) -> UInt64 {
        while true {
            let known = state.withLock { state -> Result<UInt64, FetchError>? in
                if let size = state.size { return .success(size) }
                if case .failure(let error) = state.chunks.outcome { return .failure(error) }
                return nil
            }
            if let known { return try known.get() }
            await wait { $0.size == nil && $0.chunks.outcome == nil }
        }
    }

    /// The next chunk in order; nil at the end.
    func next() async throws(FetchError) -> ByteBuffer? {
        while true {
            if let taken = take() { return try taken.get() }
            await wait { $0.chunks.isEmpty && $0.chunks.outcome == nil }
        }
    }

    func cancel() {
        let isNew = change { state in
            defer { state.chunks.cancel() }
            return !state.chunks.isGone
        }
        if isNew { changed() }
    }

    /// The next chunk, or the end; nil while there is neither.
    private func take() -> Result<ByteBuffer?, FetchError>? {
        let (taken, wasAwaited) = state.withLock { state -> (Result<ByteBuffer?, FetchError>?, Bool) in
            let wasHeld = state.chunks.held > 0
            let chunk = state.chunks.take()?.octets
            let wasAwaited = state.isAwaited && (wasHeld || chunk != nil)
            if wasAwaited { state.isAwaited = false }
            return (chunk.map { .success($0) } ?? state.chunks.outcome?.map { nil }, wasAwaited)
        }
        if wasAwaited { changed() }
        return taken
    }

    private func wait(while condition: @Sendable (State) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard condition(state) else { return false }
                    precondition(state.waiting == nil, "a BlobReader is read by one task at a time")
                    state.waiting = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }
}
