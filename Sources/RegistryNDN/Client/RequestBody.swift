public import NIOCore
internal import Synchronization

/// The body of a request on its way from the connection to whoever answers: one chunk at a time, so that a slow reader
/// slows down the sender.
public final class RequestBody: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer
    public typealias Failure = any Error

    private struct State {
        var chunk: ByteBuffer?
        var end: Result<Void, any Error>?
        var isAbandoned = false
        var reader: CheckedContinuation<ByteBuffer?, any Error>?
        var writer: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    init() {}

    /// Waits until `chunk` is taken. Returns false when nobody will take any.
    func send(_ chunk: ByteBuffer) async -> Bool {
        await withCheckedContinuation { writer in
            state.withLock { state in
                if state.isAbandoned {
                    writer.resume(returning: false)
                } else if let reader = state.reader.take() {
                    reader.resume(returning: chunk)
                    writer.resume(returning: true)
                } else {
                    state.chunk = chunk
                    state.writer = writer
                }
            }
        }
    }

    /// Says that the body ends here, or why it does not.
    func finish(_ end: Result<Void, any Error> = .success(())) {
        state.withLock { state in
            guard state.end == nil else { return }
            state.end = end
            state.reader.take()?.resume(with: end.map { nil })
        }
    }

    /// Says that nobody reads any further.
    func abandon() {
        state.withLock { state in
            state.isAbandoned = true
            state.chunk = nil
            state.writer.take()?.resume(returning: false)
            state.reader.take()?.resume(throwing: CancellationError())
        }
    }

    private func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { reader in
                state.withLock { state in
                    if let chunk = state.chunk.take() {
                        reader.resume(returning: chunk)
                        state.writer.take()?.resume(returning: true)
                    } else if let end = state.end {
                        reader.resume(with: end.map { nil })
                    } else if state.isAbandoned {
                        reader.resume(throwing: CancellationError())
                    } else {
                        state.reader = reader
                    }
                }
            }
        } onCancel: {
            abandon()
        }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let body: RequestBody

        public func next() async throws -> ByteBuffer? {
            try await body.next()
        }
    }

    /// The one iterator: chunks go to whoever asks first.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: self)
    }
}
