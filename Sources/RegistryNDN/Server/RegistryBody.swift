import NIOCore

/// The body of one answer of the registry: a blob's bytes from some offset on, which the reads of one stream take one after
/// the other. Letting go of it ends the answer, and its connection.
struct RegistryBody {
    /// Bytes of the blob, all in all.
    let total: UInt64
    /// Whether the registry ignores Range, so that the body began with the blob's first byte.
    let ignoresRange: Bool
    /// The offset in the blob of the byte that comes next.
    private(set) var position: UInt64
    /// The offset in the blob behind the body's last byte.
    private let end: UInt64
    private var iterator: UpstreamBody.AsyncIterator
    private var rest = ByteBuffer()

    /// Bytes: a body of which no more is left is read to its end, so that its connection can be used again.
    private static let maximumDiscard: UInt64 = 65_536

    /// - Parameters:
    ///   - bytes: which bytes of the blob are in the body, none of them after `total`.
    init(_ body: UpstreamBody, octets: Range<UInt64>, total: UInt64, ignoresRange: Bool = false) {
        iterator = body.makeAsyncIterator()
        position = octets.lowerBound
        end = octets.upperBound
        self.total = total
        self.ignoresRange = ignoresRange
    }

    /// Waits until the next byte is there; throws `UpstreamError` when the body ends too early.
    mutating func fetch() async throws {
        while rest.readableBytes == 0, position < end {
            guard let chunk = try await iterator.next() else {
                throw UpstreamError(.closed, "the registry's answer ended at byte \(position) of \(end)")
            }
            rest = chunk
        }
    }

    /// The next bytes, none of them at or behind `limit`; nil when the next one is at `limit`, or the body has ended.
    mutating func next(before limit: UInt64) async throws -> ByteBuffer? {
        guard position < min(limit, end) else { return nil }
        try await fetch()
        let count = min(UInt64(rest.readableBytes), min(limit, end) - position)
        position += count
        return rest.readSlice(length: Int(count))
    }

    /// Drops what comes before `offset`.
    mutating func skip(to offset: UInt64) async throws {
        while try await next(before: offset) != nil {}
    }

    /// Whether the bytes of a read are still to come.
    func leads(to read: OriginRead) -> Bool {
        ignoresRange ? position <= read.range.offset : position == read.range.offset
    }

    /// Reads what is left when that is little. Returns whether the body is over.
    mutating func finish() async throws -> Bool {
        guard end - position <= Self.maximumDiscard else { return false }
        try await skip(to: end)
        guard try await iterator.next() == nil else {
            throw UpstreamError(.range, "the registry's answer goes on after byte \(end)")
        }
        return true
    }
}
