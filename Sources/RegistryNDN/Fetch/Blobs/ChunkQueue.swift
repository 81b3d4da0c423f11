import DequeModule
import NIOCore
import Synchronization

/// Chunks of a blob on their way from the fetch on the face's event loop to one reader in a task.
///
/// The loop pushes, the reader pulls; the reader wakes the loop only when the loop asked for that. One reader task at a
/// time.
final class ChunkQueue: Sendable {
    private struct State {
        var size: UInt64?
        var chunks: Deque<(octets: ByteBuffer, offset: UInt64)> = []
        /// Offset behind the last octet handed to the reader.
        var position: UInt64 = 0
        /// Octets of the chunk that the reader took last, until it comes back.
        var held = 0
        /// What is wanted, and how much of that was pushed.
        var wanted = PartCutter(BlobParts([0..<UInt64.max]))
        /// Nothing follows the chunks: the blob's end, or an error.
        var outcome: Result<Void, FetchError>?
        var isCancelled = false
        /// The fetch waits for this reader's progress.
        var isAwaited = false
        var waiting: CheckedContinuation<Void, Never>?
        var statistics = FetchStatistics()

        /// Appends what is wanted of a chunk that is at `offset` of the blob.
        mutating func append(_ chunk: ByteBuffer, at offset: UInt64) {
            wanted.cut(chunk, at: offset) { chunks.append(($0, $1)) }
        }

        mutating func takeWaiting() -> CheckedContinuation<Void, Never>? {
            defer { waiting = nil }
            return waiting
        }
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

    // MARK: The loop's side

    func open(size: UInt64) {
        let waiting = state.withLock { state in
            state.size = size
            return state.takeWaiting()
        }
        waiting?.resume()
    }

    /// Only `parts` of the blob are wanted. Before anything is pushed.
    func restrict(to parts: BlobParts) {
        state.withLock { state in
            state.wanted = PartCutter(parts)
            state.position = state.wanted.end
        }
    }

    /// Adds chunks that follow each other in the blob, the first from `offset` on; what is not wanted of them, or was
    /// pushed before, is left out.
    func push(_ chunks: [ByteBuffer], at offset: UInt64, statistics: FetchStatistics) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.statistics = statistics
            guard state.outcome == nil else { return nil }
            var next = offset
            for chunk in chunks {
                state.append(chunk, at: next)
                next += UInt64(chunk.readableBytes)
            }
            if state.wanted.isComplete { state.outcome = .success(()) }
            return state.takeWaiting()
        }
        waiting?.resume()
    }

    /// Tells what the fetch does while there is nothing to push.
    func report(_ statistics: FetchStatistics) {
        state.withLock { $0.statistics = statistics }
    }

    /// The reader gets the chunks that are here, then the end or the error.
    func finish(_ outcome: Result<Void, FetchError>, statistics: FetchStatistics) {
        let waiting = state.withLock { state in
            state.statistics = statistics
            if state.outcome == nil { state.outcome = outcome }
            return state.takeWaiting()
        }
        waiting?.resume()
    }

    /// Where the reader is.
    ///
    /// - Parameter isAwaited: whether to call back on its next progress.
    func progress(awaiting isAwaited: Bool) -> FetchReader.Progress {
        state.withLock { state in
            state.isAwaited = isAwaited
            let isEmpty = state.chunks.isEmpty && state.held == 0
            var progress = FetchReader.Progress()
            progress.position = state.position
            progress.held = state.held
            progress.isGone = state.isCancelled
            progress.isWaiting = isEmpty && state.outcome == nil
            progress.isDrained = isEmpty && state.outcome != nil
            return progress
        }
    }

    /// Drops octets from `offset` of the blob on that the reader has not taken: they will be pushed again.
    func truncate(to offset: UInt64) {
        state.withLock { state in
            while var last = state.chunks.popLast() {
                guard last.offset < offset else { continue }
                let kept = Int(min(offset - last.offset, UInt64(last.octets.readableBytes)))
                last.octets.moveWriterIndex(to: last.octets.readerIndex + kept)
                state.chunks.append(last)
                break
            }
            state.wanted.rewind(to: max(offset, state.position))
        }
    }

    // MARK: The reader's side

    var statistics: FetchStatistics { state.withLock { $0.statistics } }

    /// The blob's size, once known.
    func size() async throws(FetchError) -> UInt64 {
        while true {
            let known = state.withLock { state -> Result<UInt64, FetchError>? in
                if let size = state.size { return .success(size) }
                if case .failure(let error) = state.outcome { return .failure(error) }
                return nil
            }
            if let known { return try known.get() }
            await wait { $0.size == nil && $0.outcome == nil }
        }
    }

    /// The next chunk in order; nil at the end.
    func next() async throws(FetchError) -> ByteBuffer? {
        while true {
            switch take() {
            case .chunk(let chunk): return chunk
            case .over(let outcome):
                try outcome.get()
                return nil
            case .empty: await wait { $0.chunks.isEmpty && $0.outcome == nil }
            }
        }
    }

    func cancel() {
        let (waiting, isNew) = state.withLock { state in
            let isNew = !state.isCancelled
            state.isCancelled = true
            if case .success = state.outcome, state.chunks.isEmpty {
                // Read to the end: that stays.
            } else {
                state.outcome = .failure(.cancelled)
                state.chunks = []
            }
            return (state.takeWaiting(), isNew)
        }
        waiting?.resume()
        if isNew { changed() }
    }

    private enum Taken {
        case chunk(ByteBuffer)
        case over(Result<Void, FetchError>)
        case empty
    }

    private func take() -> Taken {
        let (taken, isAwaited) = state.withLock { state -> (Taken, Bool) in
            let hadSome = state.held > 0
            state.held = 0
            guard let chunk = state.chunks.popFirst() else {
                defer { state.isAwaited = state.isAwaited && !hadSome }
                return (state.outcome.map { .over($0) } ?? .empty, state.isAwaited && hadSome)
            }
            state.position = chunk.offset + UInt64(chunk.octets.readableBytes)
            state.held = chunk.octets.readableBytes
            defer { state.isAwaited = false }
            return (.chunk(chunk.octets), state.isAwaited)
        }
        if isAwaited { changed() }
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
