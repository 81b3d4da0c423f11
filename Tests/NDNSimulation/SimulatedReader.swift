package import NDN
package import NIOCore

/// Somebody who reads a blob, or parts of it, and knows what has to come.
package struct SimulatedReader: Sendable {
    /// Which of the consumer's blobs.
    package var blob = 0
    package var range = BlobRange.whole
    /// Octets that it believes the blob to have, rightly or not.
    package var hint: UInt64?
    /// From the consumer's begin on.
    package var begin = TimeAmount.zero
    /// Octets taken a second; nil: all at once.
    package var rate: Double?
    /// It goes away after so many octets.
    package var hangsUpAfter: Int?
    /// With whose credentials it may have octets from elsewhere; nil: it may not.
    package var audience: UInt8?

    package init() {}
}

/// What a reader has got.
struct Reading {
    let model: SimulatedReader
    let id: FetchReader.ID
    private let expected: ByteBuffer
    private let size: Int
    private var chunks = ReaderChunks()
    private var got = 0
    private var isOpen = false
    private var failure: FetchError?

    init(_ model: SimulatedReader, _ id: FetchReader.ID, of content: ByteBuffer) {
        self.model = model
        self.id = id
        size = content.readableBytes
        expected = model.range.parts(of: UInt64(size)).ranges.reduce(into: ByteBuffer()) { all, range in
            all.writeImmutableBuffer(content.getSlice(at: Int(range.lowerBound), length: range.count) ?? ByteBuffer())
        }
    }

    var isGone: Bool { chunks.isGone }
    var isOver: Bool { isGone || chunks.outcome != nil && chunks.isEmpty }
    var progress: FetchReader.Progress { chunks.progress }

    mutating func open(size: UInt64) throws {
        guard size == UInt64(self.size) else { throw Violation(description: "size \(size), not \(self.size)") }
        isOpen = true
        if model.rate == nil { try take(.max) }
    }

    mutating func restrict(to parts: BlobParts) { chunks.restrict(to: parts) }

    mutating func push(_ pushed: [ByteBuffer], at offset: UInt64) throws {
        chunks.push(pushed, at: offset)
        if model.rate == nil { try take(.max) }
    }

    mutating func finish(_ outcome: Result<Void, FetchError>) {
        chunks.finish(outcome)
        guard case .failure(let error) = outcome else { return }
        failure = error
        // Who is not even told the size does not begin to read.
        if !isOpen { chunks.cancel() }
    }

    mutating func truncate(to offset: UInt64) { chunks.truncate(to: offset) }

    /// Takes what it does in 10 ms. Nobody begins before the size is known.
    mutating func take() throws { try take(model.rate.map { Int($0 / 100) + 1 } ?? .max) }

    private mutating func take(_ octets: Int) throws {
        var left = octets
        while left > 0, isOpen, !isGone, let (chunk, offset) = chunks.take() {
            chunks.release()
            guard chunk == expected.getSlice(at: got, length: chunk.readableBytes) else {
                throw Violation(description: "wrong octets at \(offset), after \(got)")
            }
            got += chunk.readableBytes
            left -= min(left, chunk.readableBytes)
            if let end = model.hangsUpAfter, got >= end { chunks.cancel() }
        }
    }

    /// What is wrong with what it got; nil when nothing is.
    ///
    /// - Parameter mayFail: some octets came from nowhere for a reader without credentials.
    func fault(mayFail: Bool) -> String? {
        switch chunks.outcome {
        case _ where isGone && isOpen: return nil
        case .success?:
            guard isOpen else { return "success without a size" }
            return got == expected.readableBytes ? nil : "\(got) of \(expected.readableBytes) octets, and success"
        case .failure(let error)?: return mayFail ? nil : "\(model.range): \(failure ?? error)"
        case nil: return "\(model.range): \(got) of \(expected.readableBytes) octets, and no end"
        }
    }
}
