internal import NDN
internal import NIOCore

/// The octets of a blob on their way into a response, wherever they come from.
protocol BlobBody: ~Copyable {
    /// How many octets are missing; nil when the source has to tell where they end.
    var missing: UInt64? { get }

    /// Those that are missing, of a blob of `size` octets.
    func rest(of size: UInt64) -> BlobParts

    /// Takes the next octets; the response begins with the first.
    mutating func append(_ chunk: ByteBuffer, to response: inout ResponseWriter) async throws

    /// Ends the body if it is what it must be.
    mutating func finish(_ response: inout ResponseWriter) async throws
}

extension BlobBody where Self: ~Copyable {
    var isComplete: Bool { missing == 0 }

    /// Whether an octet of `span`, before whose begin none is missing, is missing of a blob of `size` octets.
    func lacks(_ span: Range<UInt64>, of size: UInt64) -> Bool {
        rest(of: size).hull.map { $0.lowerBound < span.upperBound } ?? false
    }
}
