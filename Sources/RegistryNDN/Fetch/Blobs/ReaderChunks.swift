import DequeModule
package import NIOCore

/// Chunks of a blob on their way to one reader: which of them wait, and where the reader is.
package struct ReaderChunks: Sendable {
    private var waiting: Deque<(octets: ByteBuffer, offset: UInt64)> = []
    /// Offset behind the last octet handed to the reader.
    private var position: UInt64 = 0
    /// Octets of the chunk that the reader took last, until it comes back.
    private(set) var held = 0
    /// What is wanted, and how much of that was pushed.
    private var wanted = PartCutter(BlobParts([0..<UInt64.max]))
    /// Nothing follows the chunks: the blob's end, or an error.
    package private(set) var outcome: Result<Void, FetchError>?
    /// The reader reads no more.
    package private(set) var isGone = false

    package init() {}

    /// The reader has taken everything that was pushed.
    package var isEmpty: Bool { waiting.isEmpty }

    /// Where the reader is.
    package var progress: FetchReader.Progress {
        let isIdle = waiting.isEmpty && held == 0
        var progress = FetchReader.Progress()
        progress.position = position
        progress.held = held
        progress.isGone = isGone
        progress.isWaiting = isIdle && outcome == nil
        progress.isDrained = isIdle && outcome != nil
        return progress
    }

    /// Only `parts` of the blob are wanted. Before anything is pushed.
    package mutating func restrict(to parts: BlobParts) {
        wanted = PartCutter(parts)
        position = wanted.end
    }

    /// Adds chunks that follow each other in the blob, the first from `offset` on; what is not wanted of them, or was
    /// pushed before, is left out.
    package mutating func push(_ chunks: [ByteBuffer], at offset: UInt64) {
        guard outcome == nil else { return }
        var next = offset
        for chunk in chunks {
            wanted.cut(chunk, at: next) { waiting.append(($0, $1)) }
            next += UInt64(chunk.readableBytes)
        }
        if wanted.isComplete { outcome = .success(()) }
    }

    /// The reader gets the chunks that are here, then the end or the error.
    package mutating func finish(_ outcome: Result<Void, FetchError>) {
        if self.outcome == nil { self.outcome = outcome }
    }

    /// Drops octets from `offset` of the blob on that the reader has not taken: they will be pushed again.
    package mutating func truncate(to offset: UInt64) {
        while var last = waiting.popLast() {
            guard last.offset < offset else { continue }
            let kept = Int(min(offset - last.offset, UInt64(last.octets.readableBytes)))
            last.octets.moveWriterIndex(to: last.octets.readerIndex + kept)
            waiting.append(last)
            break
        }
        wanted.rewind(to: max(offset, position))
    }

    /// The next chunk, with its offset in the blob. The reader is done with the one before.
    package mutating func take() -> (octets: ByteBuffer, offset: UInt64)? {
        held = 0
        guard let next = waiting.popFirst() else { return nil }
        held = next.octets.readableBytes
        position = next.offset + UInt64(held)
        return next
    }

    /// The reader is done with the chunk that it took last.
    package mutating func release() { held = 0 }

    /// The reader goes away. When it has read to the end, that stays.
    package mutating func cancel() {
        isGone = true
        if case .success = outcome, waiting.isEmpty { return }
        outcome = .failure(.cancelled)
        waiting = []
    }
}
