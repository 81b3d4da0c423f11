internal import NDN
internal import NIOCore
internal import Synchronization

/// A blob, or parts of it, read through whichever router serves it. Read by one task at a time.
final class FailoverStream: BlobStream {
    private struct State {
        var router: Router
        var reader: BlobReader
        /// Octets of the parts that have come.
        var received: UInt64 = 0
        var failed: Set<Router> = []
        var isCancelled = false
    }

    let size: UInt64
    let parts: BlobParts
    private let blob: Name
    private let repair: BlobRepair?
    private let fetcher: FailoverFetcher
    private let state: Mutex<State>

    init(_ blob: Name, _ router: Router, _ reader: BlobReader, _ repair: BlobRepair?, in fetcher: FailoverFetcher) {
        self.blob = blob
        self.repair = repair
        self.fetcher = fetcher
        size = reader.size
        parts = reader.parts
        state = Mutex(State(router: router, reader: reader))
    }

    /// Of the router in use now.
    var statistics: FetchStatistics { state.withLock { $0.reader }.statistics }
    var retransmissions: UInt64 { statistics.retransmissions }
    var segments: UInt64 { statistics.segments }

    func next() async throws(FetchError) -> ByteBuffer? {
        while true {
            let reader = state.withLock { $0.reader }
            do throws(FetchError) {
                let chunk = try await reader.next()
                state.withLock { $0.received += UInt64(chunk?.readableBytes ?? 0) }
                return chunk
            } catch {
                try await moveOn(after: error)
            }
        }
    }

    /// Goes on through another router from where the last one stopped, or fails with what went wrong.
    private func moveOn(after error: FetchError) async throws(FetchError) {
        guard error.isPathFailure else { throw error }
        let (router, failed, received) = state.withLock { state in
            state.failed.insert(state.router)
            return (state.router, state.failed, state.received)
        }
        fetcher.failed(router, error)
        let rest = parts.dropFirst(received)
        guard !rest.isEmpty,
            let (next, reader) = try? await fetcher.open(
                blob, range: rest.asWanted, size: size, repair: repair, avoiding: failed)
        else { throw error }
        guard reader.size == size else {
            throw .malformed("\(reader.size) octets from \(next.uri), \(size) from \(router.uri)")
        }
        let isCancelled = state.withLock { state in
            state.router = next
            state.reader = reader
            return state.isCancelled
        }
        if isCancelled { reader.cancel() }
    }

    func cancel() {
        let reader = state.withLock { state in
            state.isCancelled = true
            return state.reader
        }
        reader.cancel()
    }
}
