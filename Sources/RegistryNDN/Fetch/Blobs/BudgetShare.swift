/// What one of several blobs in flight may take of a client's memory.
struct BudgetShare {
    /// Octets for this blob, all in all.
    let octets: Int
    private let budget: Int

    /// Slabs that have left the fetch and are still held by whoever reads: being hashed, waiting for that, being written;
    /// and those at both ends of what is asked for, which are filled in part.
    private static let slabsBeside = 7
    /// Fewer segments than this are not worth a wake-up of the reader.
    private static let fewestSegments = 16

    /// - Parameters:
    ///   - budget: octets for all blobs.
    ///   - blobs: how many there are.
    init(of budget: Int, among blobs: Int) {
        self.budget = max(0, budget)
        octets = self.budget / max(1, blobs)
    }

    /// Segments of a slab for a blob with segments of `chunk` octets: large while there is room for many slabs, since each
    /// is a wake-up of the reader.
    func slabSegments(chunk: Int) -> Int {
        var segments = SegmentReassembler.maximumSlabSegments
        while segments > Self.fewestSegments, segments * max(1, chunk) > octets / 32 { segments /= 2 }
        return segments
    }

    /// Octets that may be asked for, or wait, beyond what the reader was handed.
    ///
    /// - Parameter slab: octets of each slab of this blob.
    func allowance(slab: Int) -> Int {
        max(octets - Self.slabsBeside * slab, octets / 4)
    }

    /// What of the allowance is free while others still hold what they were granted when there were fewer of them.
    ///
    /// - Parameter others: octets granted to the other blobs.
    func grant(allowance: Int, others: UInt64) -> UInt64 {
        let free = UInt64(budget) - min(UInt64(budget), others)
        return min(UInt64(allowance), max(free, UInt64(octets / 8)))
    }
}
