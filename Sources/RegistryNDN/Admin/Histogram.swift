/// How many of the observed values are at most as large as each of some bounds.
package struct Histogram: Hashable, Sendable {
    private let bounds: [Double]
    /// Values up to each bound and above the one before; the last count is of those above all bounds.
    private var counts: [UInt64]
    package private(set) var sum = 0.0

    /// - Parameter bounds: ascending.
    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    package var count: UInt64 { counts.reduce(0, &+) }

    package mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] &+= 1
        sum += value
    }

    /// Each bound, infinity as the last, with the number of values up to it.
    var cumulative: [(bound: Double, count: UInt64)] {
        var total: UInt64 = 0
        return zip(bounds + [.infinity], counts).map { bound, count in
            total &+= count
            return (bound, total)
        }
    }
}
