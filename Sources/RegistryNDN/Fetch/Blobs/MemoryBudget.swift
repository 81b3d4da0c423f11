/// The memory of all blobs in flight: what each of them may ask for ahead of its slowest reader.
struct MemoryBudget {
    let octets: Int
    /// What all transfers together were granted.
    private var granted: UInt64 = 0

    /// - Parameter octets: segments ahead of a gap, and chunks not yet read.
    init(_ octets: Int) {
        self.octets = octets
    }

    /// What each of so many blobs may take.
    func share(among blobs: Int) -> BudgetShare { BudgetShare(of: octets, among: blobs) }

    /// Segments the window of a blob holds at most.
    func ringCapacity(chunk: Int) -> Int { min(octets / max(chunk, 1) + 1, SegmentFetch.maximumCapacity) }

    /// Lets a transfer ask for `allowance` octets beyond the slowest reader's `offset`, or for less while others still hold what
    /// they were granted when there were fewer of them. What is kept for readers who come late counts.
    mutating func grant(_ transfer: BlobTransfer, from offset: UInt64, allowance: Int, _ share: BudgetShare) {
        let kept = UInt64(transfer.earlyOctets)
        guard transfer.isActive, let geometry = transfer.segments.geometry else {
            return set(transfer, to: kept + transfer.delivered - min(offset, transfer.delivered))
        }
        let octets = share.grant(
            allowance: max(0, allowance - transfer.earlyOctets), others: granted - transfer.granted)
        let end = max(geometry.segment(at: offset &+ octets), geometry.segment(at: offset) &+ 8)
        if let pause = transfer.pause {
            let last = geometry.segment(at: max(pause.end, 1) - 1) + 1
            transfer.segments.lowerLimit(to: last)
            transfer.segments.raiseLimit(to: min(end, last))
        } else {
            transfer.segments.raiseLimit(to: end)
        }
        let held = geometry.offset(of: min(transfer.segments.limit, geometry.final))
        set(transfer, to: kept + held - min(offset, held))
    }

    /// A transfer holds nothing any more.
    mutating func release(_ transfer: BlobTransfer) { set(transfer, to: 0) }

    private mutating func set(_ transfer: BlobTransfer, to octets: UInt64) {
        granted = granted - transfer.granted + octets
        transfer.granted = octets
    }
}
