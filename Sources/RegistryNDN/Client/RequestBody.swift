package import NIOCore
internal import Synchronization

/// The body of a request on its way from the connection to whoever answers: one chunk at a time, so that a slow reader
/// slows down the sender.
package final class RequestBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer
    package typealias Failure = any Error

    private typealias Reader = CheckedContinuation<ByteBuffer?, any Error>
    private typealias Writer = CheckedContinuation<Bool, Never>

    /// The tasks that go on after a step. They are never resumed under the lock: the runtime takes a lock of the task for that,
    /// which it also holds while a cancelled task calls `abandon()`.
    private struct Wake {
        var reader: (continuation: Reader, result: Result<ByteBuffer?, any Error>)?
        var writer: (continuation: Writer, isTaken: Bool)?

        func perform() {
            if let reader { reader.continuation.resume(with: reader.result) }
            if let writer { writer.continuation.resume(returning: writer.isTaken) }
        }
    }

    private struct State {
        /// The first chunk, until it is read.
        var first: ByteBuffer?
        var chunk: ByteBuffer?
        var end: Result<Void, any Error>?
        var isAbandoned = false
        var reader: Reader?
        var writer: Writer?

        mutating func send(_ new: ByteBuffer, _ writer: Writer) -> Wake {
            if isAbandoned { return Wake(writer: (writer, false)) }
            if let reader = reader.take() { return Wake(reader: (reader, .success(new)), writer: (writer, true)) }
            chunk = new
            self.writer = writer
            return Wake()
        }

        mutating func next(_ reader: Reader) -> Wake {
            if let first = first.take() { return Wake(reader: (reader, .success(first))) }
            if let chunk = chunk.take() {
                return Wake(reader: (reader, .success(chunk)), writer: writer.take().map { ($0, true) })
            }
            if let end { return Wake(reader: (reader, end.map { nil })) }
            if isAbandoned { return Wake(reader: (reader, .failure(CancellationError()))) }
            self.reader = reader
            return Wake()
        }

        mutating func finish(_ new: Result<Void, any Error>) -> Wake {
            guard end == nil else { return Wake() }
            end = new
            return Wake(reader: reader.take().map { ($0, new.map { nil }) })
        }

        mutating func abandon() -> Wake {
            isAbandoned = true
            first = nil
            chunk = nil
            return Wake(
                reader: reader.take().map { ($0, .failure(CancellationError())) },
                writer: writer.take().map { ($0, false) })
        }
    }

    private let state = Mutex(State())

    init() {}

    /// Waits for the first bytes or the end, before anything is read; throws why no bytes come.
    func begin() async throws {
        guard let chunk = try await next() else { return }
        state.withLock { state in
            if !state.isAbandoned { state.first = chunk }
        }
    }

    /// Waits until `chunk` is taken. Returns false when nobody will take any.
    func send(_ chunk: ByteBuffer) async -> Bool {
        await withCheckedContinuation { writer in
            state.withLock { $0.send(chunk, writer) }.perform()
        }
    }

    /// Says that the body ends here, or why it does not.
    func finish(_ end: Result<Void, any Error> = .success(())) {
        state.withLock { $0.finish(end) }.perform()
    }

    /// Says that nobody reads any further.
    func abandon() { state.withLock { $0.abandon() }.perform() }

    private func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { reader in
                state.withLock { $0.next(reader) }.perform()
            }
        } onCancel: {
            abandon()
        }
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let body: RequestBody

        package func next() async throws -> ByteBuffer? {
            try await body.next()
        }
    }

    /// The body has one reader: of two iterators, the one that asks first gets a chunk.
    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }
}

/// Why the body of a request did not come.
enum RequestBodyFailure: Error, Hashable, CustomStringConvertible {
    /// No byte came for so many seconds.
    case silent(seconds: Int64, hasBegun: Bool)
    /// Fewer bytes a second came than `rate`.
    case slow(rate: Int)

    var description: String {
        switch self {
        case .silent(let seconds, let hasBegun):
            "the request's body \(hasBegun ? "did not go on" : "did not begin") within \(seconds) s; \(RegistrySetting.stallTimeout) allows more"
        case .slow(let rate):
            "the request's body came slower than \(rate) bytes a second, on average over \(RegistrySetting.stallTimeout)"
        }
    }

    /// The body of the answer 408 (Request Timeout).
    var answer: OCIError { OCIError(.blobUploadInvalid, message: "\(self)") }
}
