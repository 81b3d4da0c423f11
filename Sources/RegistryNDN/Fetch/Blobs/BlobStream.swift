package import NIOCore

/// The octets of one blob, or of parts of it, in order.
package protocol BlobStream: Sendable {
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
    package var statistics: FetchStatistics { FetchStatistics() }
}

extension BlobReader: BlobStream {
    package var retransmissions: UInt64 { statistics.retransmissions }
    package var segments: UInt64 { statistics.segments }
}
