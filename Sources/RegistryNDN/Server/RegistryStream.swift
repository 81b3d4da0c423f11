internal import NDN
import NIOCore

/// The body of an answer of the registry: a blob's octets from some offset on, taken range by range. Letting go of it ends
/// the answer, and its connection.
struct RegistryStream {
    /// Octets of the blob, all in all.
    let total: UInt64
    /// The registry ignores Range: the body began with octet 0.
    let isWhole: Bool
    /// The octet that comes next.
    private(set) var position: UInt64
    /// The octet after the body's last.
    private let end: UInt64
    private var iterator: UpstreamBody.AsyncIterator
    private var rest = ByteBuffer()

    /// What is left of a body is read to its end when it is not more, so that the connection can be used again.
    private static let maximumDiscard: UInt64 = 65_536

    /// - Parameters:
    ///   - octets: The octets of the blob in the body, none of them after `total`.
    init(_ body: UpstreamBody, octets: Range<UInt64>, total: UInt64, isWhole: Bool) {
        iterator = body.makeAsyncIterator()
        position = octets.lowerBound
        end = octets.upperBound
        self.total = total
        self.isWhole = isWhole
    }

    /// Waits until the next octet is there; throws `UpstreamError` when the body ends too early.
    mutating func fetch() async throws {
        while rest.readableBytes == 0, position < end {
            guard let chunk = try await iterator.next() else {
                throw UpstreamError(.closed, "the registry's answer ended at octet \(position) of \(end)")
            }
            rest = chunk
        }
    }

    /// The next octets, none of them at or after `limit`; nil when the next one is `limit`, or the body has ended.
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

    /// Whether the octets of a read are still to come.
    func leads(to read: RangeRead) -> Bool {
        isWhole ? position <= read.range.offset : position == read.range.offset
    }

    /// Reads what is left when that is little. True when the body is over.
    mutating func finish() async throws -> Bool {
        guard end - position <= Self.maximumDiscard else { return false }
        try await skip(to: end)
        guard try await iterator.next() == nil else {
            throw UpstreamError(.range, "the registry's answer goes on after octet \(end)")
        }
        return true
    }
}
