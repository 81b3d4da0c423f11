internal import NDN
internal import NIOCore

/// The body of a response with bytes of a blob, wherever they come from.
protocol BlobBody: ~Copyable {
    /// How many bytes are missing; nil when the source has to tell where the blob ends.
    var missing: UInt64? { get }

    /// The parts that are missing of a blob of `size` bytes.
    func rest(of size: UInt64) -> BlobParts

    /// Takes the next bytes; the response begins with the first.
    mutating func append(_ chunk: ByteBuffer, to response: inout ResponseWriter) async throws

    /// Ends the body if it is what it must be.
    mutating func finish(_ response: inout ResponseWriter) async throws
}

extension BlobBody where Self: ~Copyable {
    var isComplete: Bool { missing == 0 }

    /// Whether a byte of `span`, before whose begin none is missing, is missing of a blob of `size` bytes.
    func lacks(_ span: Range<UInt64>, of size: UInt64) -> Bool {
        rest(of: size).hull.map { $0.lowerBound < span.upperBound } ?? false
    }
}
