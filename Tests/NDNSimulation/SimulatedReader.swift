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
    private var wanted = PartCutter(BlobParts([0..<UInt64.max]))
    /// Pushed, and not taken.
    private var waiting: [(octets: ByteBuffer, offset: UInt64)] = []
    private var got = 0
    private var position: UInt64 = 0
    private var isOpen = false
    private(set) var outcome: Result<Void, FetchError>?
    private(set) var isGone = false

    init(_ model: SimulatedReader, _ id: FetchReader.ID, of content: ByteBuffer) {
        self.model = model
        self.id = id
        size = content.readableBytes
        expected = model.range.parts(of: UInt64(size)).ranges.reduce(into: ByteBuffer()) { all, range in
            all.writeImmutableBuffer(content.getSlice(at: Int(range.lowerBound), length: range.count) ?? ByteBuffer())
        }
    }

    var isOver: Bool { isGone || outcome != nil && waiting.isEmpty }
    private var isServed: Bool { outcome != nil || wanted.isComplete }

    var progress: FetchReader.Progress {
        var progress = FetchReader.Progress()
        progress.position = position
        progress.isGone = isGone
        progress.isWaiting = waiting.isEmpty && !isServed
        progress.isDrained = waiting.isEmpty && isServed
        return progress
    }

    mutating func open(size: UInt64) throws {
        guard size == UInt64(self.size) else { throw Violation(description: "size \(size), not \(self.size)") }
        isOpen = true
        if model.rate == nil { try take(.max) }
    }

    mutating func restrict(to parts: BlobParts) {
        wanted = PartCutter(parts)
        position = parts.hull?.lowerBound ?? 0
    }

    mutating func push(_ chunks: [ByteBuffer], at offset: UInt64) throws {
        guard outcome == nil else { return }
        var next = offset
        for chunk in chunks {
            wanted.cut(chunk, at: next) { waiting.append(($0, $1)) }
            next += UInt64(chunk.readableBytes)
        }
        if wanted.isComplete { outcome = .success(()) }
        if model.rate == nil { try take(.max) }
    }

    mutating func finish(_ outcome: Result<Void, FetchError>) {
        if self.outcome == nil { self.outcome = outcome }
        // Who is not even told the size does not begin to read.
        if case .failure = outcome, !isOpen { isGone = true }
    }

    mutating func truncate(to offset: UInt64) {
        while var last = waiting.popLast() {
            guard last.offset < offset else { continue }
            let kept = Int(min(offset - last.offset, UInt64(last.octets.readableBytes)))
            last.octets.moveWriterIndex(to: last.octets.readerIndex + kept)
            waiting.append(last)
            break
        }
        wanted.rewind(to: max(offset, position))
    }

    /// Takes what it does in 10 ms. Nobody begins before the size is known.
    mutating func take() throws { try take(model.rate.map { Int($0 / 100) + 1 } ?? .max) }

    private mutating func take(_ octets: Int) throws {
        var left = octets
        while left > 0, isOpen, !isGone, !waiting.isEmpty {
            let (chunk, offset) = waiting.removeFirst()
            guard chunk == expected.getSlice(at: got, length: chunk.readableBytes) else {
                throw Violation(description: "wrong octets at \(offset), after \(got)")
            }
            got += chunk.readableBytes
            left -= min(left, chunk.readableBytes)
            position = offset + UInt64(chunk.readableBytes)
            if let end = model.hangsUpAfter, got >= end { isGone = true }
        }
    }

    /// What is wrong with what it got; nil when nothing is.
    ///
    /// - Parameter mayFail: some octets came from nowhere for a reader without credentials.
    func fault(mayFail: Bool) -> String? {
        switch outcome {
        case _ where isGone && isOpen: return nil
        case .success?:
            guard isOpen else { return "success without a size" }
            return got == expected.readableBytes ? nil : "\(got) of \(expected.readableBytes) octets, and success"
        case .failure(let error)?: return mayFail ? nil : "\(model.range): \(error)"
        case nil: return "\(model.range): \(got) of \(expected.readableBytes) octets, and no end"
        }
    }
}
