public import NIOCore

/// Where blobs come from by name: the NDN path, or a test's double of it.
public protocol BlobSource: Sendable {
    /// Starts to read a range of a blob.
    ///
    /// - Parameter repair: from where come segments that are faulty; nil: they end the stream.
    /// - Returns: once the blob's size is known.
    func open(_ blob: BlobName, range: BlobRange, repair: BlobRepair?) async throws(FetchError) -> any BlobStream

    /// Whether the path answers anything about `blob`, a name for which it has failed before.
    func probe(_ blob: BlobName) async -> Bool
}

/// The octets of one blob, or of parts of it, in order.
public protocol BlobStream: Sendable {
    /// Octets of the whole blob.
    var size: UInt64 { get }
    /// Those that come; none when the blob has none of those asked for.
    var parts: BlobParts { get }
    /// Interests sent again so far.
    var retransmissions: UInt64 { get }
    /// Segments received so far.
    var segments: UInt64 { get }
    /// What the fetch behind it did so far.
    var statistics: FetchStatistics { get }

    /// The next octets, never those of two parts in one; nil at the end. Cancelling the task ends the wait.
    func next() async throws(FetchError) -> ByteBuffer?

    /// Says that nobody reads any further.
    func cancel()
}

extension BlobStream {
    public var statistics: FetchStatistics { FetchStatistics() }
}

extension BlobReader: BlobStream {
    public var retransmissions: UInt64 { statistics.retransmissions }
    public var segments: UInt64 { statistics.segments }
}

extension FetchError {
    /// Whether the path to the producer failed, rather than this blob on it.
    var isPathFailure: Bool {
        switch self {
        case .noRoute, .noSize, .stalled, .faceDown, .untrusted: true
        case .notFound, .deadline, .malformed, .cancelled, .busy: false
        }
    }
}
