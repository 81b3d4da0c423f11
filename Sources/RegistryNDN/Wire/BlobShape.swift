/// How a blob of a known size divides into segments: all of chunk size, the final one as long as what is left.
struct SegmentGrid: Hashable, Sendable {
    let total: UInt64
    let chunkSize: Int

    /// Number of the final segment; 0 also for an empty blob, which is one empty segment (docs/protocol.md 10.2).
    var finalSegment: UInt64 { total == 0 ? 0 : (total - 1) / UInt64(chunkSize) }

    /// Bytes in a segment that is not beyond the final one.
    func payloadLength(_ segment: UInt64) -> Int {
        segment < finalSegment ? chunkSize : Int(total - finalSegment * UInt64(chunkSize))
    }
}
