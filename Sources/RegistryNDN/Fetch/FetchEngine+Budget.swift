/// The memory budget: what each blob in flight may ask for, and in which pieces it is kept.
extension FetchEngine {
    /// What each of the blobs in flight may take.
    var share: BudgetShare { BudgetShare(of: configuration.memoryBudget, among: fetches.count) }

    /// Makes room for segments, in slabs of a size that suits the blob's present share.
    func begin(_ fetch: BlobFetch, at segment: UInt64, chunk: Int, window: Int) {
        fetch.begin(
            at: segment, chunk: chunk, window: window, slabSegments: share.slabSegments(chunk: chunk), pool: pool)
    }

    /// Segments the window of a blob holds at most.
    func ringCapacity(chunk: Int) -> Int {
        min(configuration.memoryBudget / max(chunk, 1) + 1, SegmentFetch.maximumCapacity)
    }

    /// Less than half of what the fetch may hold is left to be asked for: readers have to tell when they go on.
    func isLow(_ fetch: BlobFetch, allowance: Int) -> Bool {
        guard fetch.isActive, let state = scheduler[fetch.id], let geometry = state.geometry else { return false }
        return state.unsent &+ UInt64(allowance / 2 / max(geometry.chunk, 1)) >= state.limit
    }

    /// Lets a fetch ask for `allowance` octets beyond the slowest reader's `offset`, or for less while others still hold what
    /// they were granted when there were fewer of them. What is kept for readers who come late counts.
    func grant(_ fetch: BlobFetch, from offset: UInt64, allowance: Int) {
        let kept = UInt64(fetch.earlyOctets)
        guard fetch.isActive, let geometry = scheduler[fetch.id]?.geometry else {
            return setGrant(of: fetch, to: kept + fetch.delivered - min(offset, fetch.delivered))
        }
        let octets = share.grant(allowance: max(0, allowance - fetch.earlyOctets), others: granted - fetch.granted)
        let end = max(geometry.segment(at: offset &+ octets), geometry.segment(at: offset) &+ 8)
        if let pause = fetch.pause {
            let last = geometry.segment(at: max(pause.end, 1) - 1) + 1
            scheduler.lowerLimit(of: fetch.id, to: last)
            scheduler.raiseLimit(of: fetch.id, to: min(end, last))
        } else {
            scheduler.raiseLimit(of: fetch.id, to: end)
        }
        let held = geometry.offset(of: scheduler[fetch.id].map { min($0.limit, geometry.final) } ?? 0)
        setGrant(of: fetch, to: kept + held - min(offset, held))
    }

    func setGrant(of fetch: BlobFetch, to octets: UInt64) {
        granted = granted - fetch.granted + octets
        fetch.granted = octets
    }
}
