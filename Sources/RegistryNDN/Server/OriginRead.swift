/// Bytes of a blob that are to be read at the origin, which is a registry or a folder: one range of the cache.
///
/// The cache makes it, a stream of `ReadStreams` takes it, and an `OriginReader` performs it.
struct OriginRead: Equatable {
    let id: Int
    let blob: BlobName
    let range: ByteRange
    /// Whether the range before this one is known or being read: whoever asks reads the blob in sequence.
    var isSequential = false

    /// The offset behind the last byte, if the blob is that long.
    var end: UInt64 { range.offset + (range.length ?? 0) }
}

/// Why a read gave no range.
enum ReadFailure: Error, Equatable {
    /// The registry does not have the blob.
    case unknown
    /// The blob ends before the range; its size, when the registry says it.
    case beyondEnd(total: UInt64?)
    /// The registry's answer is wrong or missing.
    case failed
    /// The registry has answered, and does not give this blob, or not as it must: clients are told to look elsewhere.
    case refused
    /// The registry ignores Range, and too much of the blob lies before the range.
    case outOfReach
}
