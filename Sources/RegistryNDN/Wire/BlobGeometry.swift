/// How a blob is cut into segments: all of `chunk` octets but the last, number `final`.
struct BlobGeometry: Sendable, Hashable {
    /// Octets of every segment but the last.
    let chunk: Int
    /// Number of the last segment.
    let final: UInt64

    /// What segment 0 says, checked: both numbers are a peer's.
    ///
    /// - Throws: ``FetchError/malformed(_:)`` when there are further segments although the first is empty, or the size
    ///   would not fit 63 bits.
    init(chunk: Int, final: UInt64) throws(FetchError) {
        if final > 0 {
            guard chunk > 0 else { throw .malformed("segment 0 is empty, but \(final) is the last") }
            let (octets, overflow) = final.multipliedReportingOverflow(by: UInt64(chunk))
            guard !overflow, octets <= UInt64(Int64.max) - UInt64(chunk) else {
                throw .malformed("\(final) segments of \(chunk) octets")
            }
        }
        self.chunk = chunk
        self.final = final
    }

    private init(checked chunk: Int, final: UInt64) {
        self.chunk = chunk
        self.final = final
    }

    /// That of a blob of only so many such segments, of which there are at least one.
    func shortened(to segments: UInt64) -> BlobGeometry { BlobGeometry(checked: chunk, final: segments - 1) }

    /// Offset of the first octet of segment `segment`, which is at most `final`, or of the octet behind that.
    func offset(of segment: UInt64) -> UInt64 { segment &* UInt64(chunk) }

    /// The segment that octet `offset` is in, at most `final`.
    func segment(at offset: UInt64) -> UInt64 {
        chunk == 0 ? 0 : min(offset / UInt64(chunk), final)
    }
}
