public import NIOCore

/// One reader of a blob, or of parts of it: their octets in order.
///
/// Read by one task at a time. A reader that is cancelled, or dropped, stops the fetch at once unless others read it too.
public final class BlobReader: Sendable {
    /// Octets of the whole blob.
    public let size: UInt64
    /// The octets of the blob that this reader gives; none when the blob ends before those wanted.
    public let parts: BlobParts
    private let queue: ChunkQueue

    init(size: UInt64, parts: BlobParts, queue: ChunkQueue) {
        self.size = size
        self.parts = parts
        self.queue = queue
    }

    deinit {
        queue.cancel()
    }

    /// The next octets in order, usually 256 KiB to 1 MiB, never those of two parts in one; nil at the end.
    ///
    /// Chunks that arrived before an error are delivered before it is thrown. Cancelling the task cancels the reader.
    public func next() async throws(FetchError) -> ByteBuffer? {
        try await queue.next()
    }

    /// Ends the fetch, unless others read it too; ``next()`` throws ``FetchError/cancelled`` from now on.
    public func cancel() {
        queue.cancel()
    }

    /// What the fetch behind this reader did so far.
    public var statistics: FetchStatistics { queue.statistics }
}
