public import NIOCore

/// From where a reader may have octets of a blob that the path gives only faulty.
public struct BlobRepair: Sendable {
    /// Begins to get octets of the blob.
    ///
    /// It calls back once, on any thread: with those octets, which are fewer only where the blob ends before, or with nil
    /// when they cannot be had, or the blob's size is none of `sizes`.
    public typealias Request =
        @Sendable (
            _ octets: Range<UInt64>, _ sizes: ClosedRange<UInt64>, _ done: @escaping @Sendable (ByteBuffer?) -> Void
        ) -> Void

    /// With whose credentials: readers who have others are never given what it brings.
    let audience: SHA256Digest
    let request: Request

    /// A way to get octets for the readers of one audience.
    ///
    /// - Parameters:
    ///   - audience: the same for readers who may have each other's octets.
    ///   - request: begins to get octets.
    public init(audience: SHA256Digest, request: @escaping Request) {
        self.audience = audience
        self.request = request
    }
}
