import DequeModule
package import NIOCore
package import NIOPosix
import Synchronization

/// SHA-256 of a stream, computed on another thread while the caller goes on with the octets.
///
/// Chunks are hashed in the order of ``update(_:)``; called from one task at a time.
package final class OverlappedSHA256: Sendable {
    private struct State: ~Copyable {
        /// Not here while the pool's thread hashes.
        var hasher: SHA256? = SHA256()
        var chunks: Deque<ByteBuffer> = []
        /// The caller, until no more chunks than its bound wait.
        var waiting: (bound: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())
    private let pool: NIOThreadPool
    private let limit: Int

    /// - Parameters:
    ///   - pool: whose threads hash.
    ///   - limit: chunks that may wait for being hashed, at least 1; ``update(_:)`` waits beyond that.
    package init(pool: NIOThreadPool = .singleton, limit: Int = 4) {
        self.pool = pool
        self.limit = max(1, limit)
    }

    /// Appends a chunk; returns at once unless hashing has fallen behind.
    package func update(_ chunk: ByteBuffer) async {
        guard chunk.readableBytes > 0 else { return }
        let (mustStart, isFull) = state.withLock { state in
            state.chunks.append(chunk)
            return (state.chunks.count == 1 && state.hasher != nil, state.chunks.count > limit)
        }
        if mustStart { start() }
        if isFull { await wait(below: limit) }
    }

    /// The digest of all chunks. To be called once.
    package func finalize() async -> SHA256Digest {
        await wait(below: 0)
        return state.withLock { state in
            guard var hasher = state.hasher.take() else { preconditionFailure("finalized twice, or while updating") }
            let digest = hasher.finish()
            state.hasher = consume hasher
            return digest
        }
    }

    /// Waits until at most `bound` chunks wait and, for 0, the hasher is back.
    private func wait(below bound: Int) async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.chunks.count <= bound, bound > 0 || state.hasher != nil { return true }
                state.waiting = (bound, continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
    }

    private func start() {
        pool.submit { [self] poolState in
            // A pool that shuts down calls with .cancelled, on the thread that stops it: the digest is still owed.
            _ = poolState
            run()
        }
    }

    private func run() {
        var hasher = state.withLock { $0.hasher.take() }
        while let chunk = next(&hasher) {
            hasher?.update(chunk)
            finished()
        }
    }

    /// The next chunk; gives the hasher back when there is none, so that the next ``update(_:)`` starts again.
    ///
    /// Whoever waits is taken in the same step: a moment later it would be the waiter of the run after this one.
    private func next(_ hasher: inout SHA256?) -> ByteBuffer? {
        state.withLock { state in
            if let chunk = state.chunks.first { return chunk }
            state.hasher = hasher.take()
            state.waiting?.continuation.resume()
            state.waiting = nil
            return nil
        }
    }

    private func finished() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.chunks.removeFirst()
            guard let waiting = state.waiting, waiting.bound > 0, state.chunks.count <= waiting.bound else {
                return nil
            }
            state.waiting = nil
            return waiting.continuation
        }
        waiting?.resume()
    }
}
