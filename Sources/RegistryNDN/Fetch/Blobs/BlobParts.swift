/// Octets of one blob that somebody wants: ranges in ascending order that do not overlap.
public struct BlobParts: Hashable, Sendable {
    /// None of them is empty; they may touch.
    public let ranges: [Range<UInt64>]

    /// - Parameter ranges: each behind the one before. Empty ones are left out.
    public init(_ ranges: [Range<UInt64>]) {
        self.ranges = ranges.filter { !$0.isEmpty }
    }

    /// Whether nothing is wanted.
    public var isEmpty: Bool { ranges.isEmpty }

    /// Octets of all of them.
    public var count: UInt64 { ranges.reduce(0) { $0 + $1.length } }

    /// From the first octet through the last, with what lies between the ranges; nil for none.
    public var hull: Range<UInt64>? {
        guard let first = ranges.first, let last = ranges.last else { return nil }
        return first.lowerBound..<last.upperBound
    }

    /// What to ask for, where each request costs about as much as so many octets: the ranges, some of them in one with what lies
    /// between.
    ///
    /// Octets between ranges that are read for nothing are no more than that for each of them, or a tenth of what is wanted.
    ///
    /// - Parameter isSizeKnown: else the last range may well be shorter, and does not count.
    package func spans(isSizeKnown: Bool = true) -> [Range<UInt64>] {
        let gaps = zip(ranges, ranges.dropFirst()).map { $1.lowerBound - $0.upperBound }
        var spare = (count - (isSizeKnown ? 0 : ranges.last?.length ?? 0)) / 10
        var isClosed = gaps.map { $0 <= Self.requestCost }
        for index in gaps.indices.sorted(by: { gaps[$0] < gaps[$1] }) where !isClosed[index] && gaps[index] <= spare {
            spare -= gaps[index]
            isClosed[index] = true
        }
        var spans: [Range<UInt64>] = []
        for (index, range) in ranges.enumerated() {
            if index > 0, isClosed[index - 1], let last = spans.popLast() {
                spans.append(last.lowerBound..<range.upperBound)
            } else {
                spans.append(range)
            }
        }
        return spans
    }

    /// Octets of the heads of a request for a range and of its answer, about.
    private static let requestCost: UInt64 = 512

    /// The first `count` octets, or all when there are fewer.
    public func prefix(_ count: UInt64) -> BlobParts { cut(behind: count) { $0.lowerBound..<$1 } }

    /// All but the first `count` octets.
    public func dropFirst(_ count: UInt64) -> BlobParts { cut(behind: count) { $1..<$0.upperBound } }

    /// One side of each range: each is cut behind those of its octets that are among the first `count` of all.
    private func cut(behind count: UInt64, _ side: (Range<UInt64>, UInt64) -> Range<UInt64>) -> BlobParts {
        var left = count
        return BlobParts(
            ranges.map { range in
                let taken = min(left, range.length)
                left -= taken
                return side(range, range.lowerBound + taken)
            })
    }
}

extension Range<UInt64> {
    /// Octets of it; `count` is an `Int`, which is too small for a range that ends nowhere.
    package var length: UInt64 { upperBound - lowerBound }
}
