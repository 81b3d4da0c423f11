package import NIOCore

/// The body of an upstream's response, pulled: what is not asked for is not read from the socket.
///
/// It can be iterated once. Ending early, by cancellation, `cancel()` or letting go of the body, closes the connection.
package struct UpstreamBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    /// Cancels the exchange when nobody is left to read the body.
    fileprivate final class Lifetime: Sendable {
        /// Nil for a body that is in memory.
        let source: PulledResponse?

        init(source: PulledResponse?) {
            self.source = source
        }

        func cancel() {
            source?.cancel()
        }

        deinit {
            cancel()
        }
    }

    private let lifetime: Lifetime
    private let kept: ByteBuffer?
    private let expected: UInt64?

    init(_ source: PulledResponse) {
        lifetime = Lifetime(source: source)
        kept = nil
        expected = nil
    }

    /// A body that is in memory.
    init(_ kept: ByteBuffer) {
        lifetime = Lifetime(source: nil)
        self.kept = kept
        expected = nil
    }

    private init(_ body: UpstreamBody, expecting count: UInt64) {
        lifetime = body.lifetime
        kept = body.kept
        expected = count
    }

    /// The same body, which fails unless it has exactly `count` bytes.
    func expecting(_ count: UInt64) -> UpstreamBody { UpstreamBody(self, expecting: count) }

    /// Waits no longer than this, and no longer than the configuration's idle timeout, for more of a body that can be had over
    /// another connection; then reading it fails with `UpstreamError.Code.timeout`.
    func limitSilence(to limit: TimeAmount) { lifetime.source?.limitSilence(to: limit) }

    /// Reads no more of the body and closes its connection, unless it has been received in full.
    package func cancel() { lifetime.cancel() }

    /// All of the body; nil, and the rest is not read, when it has more than `limit` bytes.
    func collect(upTo limit: Int) async throws -> ByteBuffer? {
        var body = ByteBuffer()
        for try await chunk in self {
            guard body.readableBytes + chunk.readableBytes <= limit else {
                cancel()
                return nil
            }
            body.writeImmutableBuffer(chunk)
        }
        return body
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(lifetime: lifetime, kept: kept, expected: expected)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let lifetime: Lifetime
        private var kept: ByteBuffer?
        private let expected: UInt64?
        private var count: UInt64 = 0

        fileprivate init(lifetime: Lifetime, kept: ByteBuffer?, expected: UInt64?) {
            self.lifetime = lifetime
            self.kept = kept
            self.expected = expected
        }

        /// The next bytes, nil after the last; throws `UpstreamError` or `CancellationError`.
        package mutating func next() async throws -> ByteBuffer? {
            let chunk = try await lifetime.source?.next() ?? kept.take()
            count += UInt64(chunk?.readableBytes ?? 0)
            guard let expected else { return chunk }
            if count > expected || (chunk == nil && count < expected) {
                lifetime.cancel()
                throw UpstreamError(.range, "the upstream sent \(count) bytes of \(expected)")
            }
            return chunk
        }
    }
}
