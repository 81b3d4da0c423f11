package import NIOCore

/// What ``FetchCore`` wants done. Readers get what is meant for them in the order of the actions.
package enum FetchAction {
    /// The size of the blob is known.
    case open(FetchReader.ID, size: UInt64)
    /// The reader wants these parts alone of what is pushed. Before anything is.
    case restrict(FetchReader.ID, BlobParts)
    /// Octets for readers: they follow each other in the blob, or in its excerpt, the first at `offset`.
    case push([FetchReader.ID], [ByteBuffer], offset: UInt64, FetchStatistics)
    /// Nothing is to be pushed: what the transfer has done so far.
    case report([FetchReader.ID], FetchStatistics)
    /// Nothing follows for this reader.
    case finish(FetchReader.ID, Result<Void, FetchError>, FetchStatistics)
    /// What the reader has not taken from `offset` on is taken back: it will be pushed again.
    case truncate(FetchReader.ID, to: UInt64)
    /// The core has forgotten the reader.
    case release(FetchReader.ID)
    /// Ask the producer whether the blob exists; only that it does not is worth a call of ``FetchCore/isUnknown(_:now:)``.
    case askForMetadata(BlobTransfer)
    /// Get octets of the blob by the way that the reader knows, and call ``FetchCore/repaired(_:of:with:now:)``.
    case repair(BlobTransfer, Range<UInt64>, by: FetchReader.ID, octets: Range<UInt64>, sizes: ClosedRange<UInt64>)
}
