import DequeModule
internal import NDN
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// A response between the event loop that receives it and the task that pulls it: holds a bounded number of bytes.
final class PulledResponse: ResponseConsumer, Sendable {
    private struct State {
        var head: HTTPResponseHead?
        var headWaiter: CheckedContinuation<HTTPResponseHead, any Error>?
        var chunks: Deque<ByteBuffer> = []
        var octets = 0
        /// Nil while more may come.
        var end: Result<Void, any Error>?
        var chunkWaiter: CheckedContinuation<ByteBuffer?, any Error>?
        var isPaused = false
    }

    private let connection: UpstreamConnection
    private let window: Int
    private let state = NIOLockedValueBox(State())

    init(connection: UpstreamConnection, window: Int) {
        self.connection = connection
        self.window = window
    }

    // MARK: the pulling side

    /// The head, once it has come.
    func head() async throws -> HTTPResponseHead {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<HTTPResponseHead, any Error>? = state.withLockedValue { state in
                    if let head = state.head { return .success(head) }
                    if case .failure(let error) = state.end { return .failure(error) }
                    state.headWaiter = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// The next bytes of the body, nil after the last.
    func next() async throws -> ByteBuffer? {
        if let result = takeChunk() { return try result.get() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if let result = takeChunk(orWait: continuation) { continuation.resume(with: result) }
            }
        } onCancel: {
            cancel()
        }
    }

    private func takeChunk(
        orWait continuation: CheckedContinuation<ByteBuffer?, any Error>? = nil
    ) -> Result<ByteBuffer?, any Error>? {
        let (result, resume): (Result<ByteBuffer?, any Error>?, Bool) = state.withLockedValue { state in
            if let chunk = state.chunks.popFirst() {
                state.octets -= chunk.readableBytes
                let resume = state.isPaused && state.octets <= window / 2
                if resume { state.isPaused = false }
                return (.success(chunk), resume)
            }
            switch state.end {
            case .success: return (.success(nil), false)
            case .failure(let error): return (.failure(error), false)
            case nil:
                state.chunkWaiter = continuation
                return (nil, false)
            }
        }
        if resume { connection.resume() }
        return result
    }

    /// Waits no longer than this for more of the body.
    func limitSilence(to limit: TimeAmount) { connection.limitSilence(self, to: limit) }

    /// Ends the exchange, and its connection, unless it is over.
    func cancel() {
        guard finish(.failure(CancellationError()), dropping: true) else { return }
        connection.cancel(self)
    }

    // MARK: the event loop's side

    func wantsMore() -> Bool {
        state.withLockedValue { state in
            state.isPaused = state.octets >= window
            return !state.isPaused
        }
    }

    func response(head: HTTPResponseHead) {
        let waiter = state.withLockedValue { state in
            state.head = head
            defer { state.headWaiter = nil }
            return state.headWaiter
        }
        waiter?.resume(returning: head)
    }

    func response(body: ByteBuffer) {
        let waiter = state.withLockedValue { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            guard state.end == nil else { return nil }
            if let waiter = state.chunkWaiter {
                state.chunkWaiter = nil
                return waiter
            }
            state.chunks.append(body)
            state.octets += body.readableBytes
            return nil
        }
        waiter?.resume(returning: body)
    }

    func responseEnded() { _ = finish(.success(()), dropping: false) }

    func responseFailed(_ error: UpstreamError) {
        _ = finish(.failure(error), dropping: false)
    }

    /// Ends the response. Returns false when it was over before.
    private func finish(_ end: Result<Void, any Error>, dropping: Bool) -> Bool {
        let (isFirst, head, chunk) = state.withLockedValue { state in
            if dropping { state.chunks = [] }
            guard state.end == nil else {
                return (
                    false, nil as CheckedContinuation<HTTPResponseHead, any Error>?,
                    nil as CheckedContinuation<ByteBuffer?, any Error>?
                )
            }
            state.end = end
            defer {
                state.headWaiter = nil
                state.chunkWaiter = nil
            }
            return (true, state.headWaiter, state.chunkWaiter)
        }
        switch end {
        case .success: chunk?.resume(returning: nil)
        case .failure(let error):
            head?.resume(throwing: error)
            chunk?.resume(throwing: error)
        }
        return isFirst
    }
}

/// Takes a response as it arrives, on the event loop of its connection: the head, bytes of the body, and then once
/// either the end or a failure; the latter may come at any time.
protocol ResponseConsumer: AnyObject {
    /// Whether the socket should be read on; when this was false, `UpstreamConnection.resume()` starts reading again.
    func wantsMore() -> Bool
    func response(head: HTTPResponseHead)
    func response(body: ByteBuffer)
    func responseEnded()
    func responseFailed(_ error: UpstreamError)
}
