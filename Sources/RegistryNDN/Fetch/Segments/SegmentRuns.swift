/// The segments that cover several parts of a blob, and their ranks: their numbers when what lies between them is left out.
///
/// To whoever fetches them they are the segments of a smaller blob, the excerpt: with the same chunk size, without gaps, and
/// with a final segment that is as long as the excerpt's size tells.
struct SegmentRuns: Sendable {
    /// Neighbouring segments.
    private struct Run: Sendable {
        var segments: Range<UInt64>
        /// Of the first of them.
        let rank: UInt64
    }

    private let runs: [Run]
    /// Of the blob.
    let shape: BlobShape
    /// Of the excerpt.
    let excerpt: BlobShape

    /// - Parameter parts: of the blob, at least one octet.
    /// - Returns: nil when nothing lies between the segments.
    init?(covering parts: BlobParts, of shape: BlobShape) {
        var runs: [Run] = []
        var count: UInt64 = 0
        for range in parts.ranges {
            var segments = shape.segments(covering: range)
            if let last = runs.last, segments.lowerBound <= last.segments.upperBound {
                segments = last.segments.upperBound..<max(last.segments.upperBound, segments.upperBound)
                runs[runs.count - 1].segments = last.segments.lowerBound..<segments.upperBound
            } else {
                runs.append(Run(segments: segments, rank: count))
            }
            count += segments.length
        }
        guard runs.count > 1, let last = runs.last else { return nil }
        self.runs = runs
        self.shape = shape
        let geometry = BlobGeometry(unchecked: shape.geometry.chunk, final: count - 1)
        let missing =
            last.segments.contains(shape.geometry.final)
            ? shape.geometry.offset(of: shape.geometry.final + 1) - shape.size : 0
        excerpt = BlobShape(geometry: geometry, size: geometry.offset(of: count) - missing)
    }

    /// The rank of a segment; nil when it is not one of them.
    func rank(of segment: UInt64) -> UInt64? {
        let run = runs[last(where: { $0.segments.lowerBound <= segment })]
        return run.segments.contains(segment) ? run.rank + (segment - run.segments.lowerBound) : nil
    }

    /// The segment of a rank, which is one of theirs.
    func segment(ofRank rank: UInt64) -> UInt64 {
        let run = runs[last(where: { $0.rank <= rank })]
        return run.segments.lowerBound + (rank - run.rank)
    }

    /// Where parts of the blob that the segments cover lie in the excerpt.
    func parts(_ parts: BlobParts) -> BlobParts {
        BlobParts(
            parts.ranges.map { range in
                let first = shape.geometry.segment(at: range.lowerBound)
                let rank = rank(of: first) ?? 0
                let begin = excerpt.geometry.offset(of: rank) + (range.lowerBound - shape.geometry.offset(of: first))
                return begin..<begin + range.length
            })
    }

    /// Neighbouring ranks in pieces whose segments are neighbours too.
    func pieces(_ ranks: Range<UInt64>) -> [Range<UInt64>] {
        runs.map { ($0.rank..<$0.rank + $0.segments.length).clamped(to: ranks) }.filter { !$0.isEmpty }
    }

    /// The index of the last run for which `condition` holds, which holds for those before it; 0 when it holds for none.
    private func last(where condition: (Run) -> Bool) -> Int {
        var (low, high) = (0, runs.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if condition(runs[middle]) { low = middle } else { high = middle }
        }
        return low
    }
}
