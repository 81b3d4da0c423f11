extension BlobGeometry {
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
        self.init(unchecked: chunk, final: final)
    }
}
