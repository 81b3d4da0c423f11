import NIOCore

/// What a run tells, from the end of its warm-up on.
package struct Measurements: Sendable {
    /// Octets of Data that each consumer received, each segment once, headers included.
    package var octets: [Int] = []
    package var interests: [Int] = []
    package var retransmissions: [Int] = []
    /// Virtual time that was measured.
    package var seconds = 0.0
    /// Octets that passed the bottleneck in a second, were it never idle.
    package var capacity = 0.0
    /// Octets that entered it.
    package var carried = 0
    package var dropped = 0
    /// How long Data waited in the queue: a histogram, in steps of a thousandth of `scale`.
    private var waits = [Int](repeating: 0, count: 20_000)
    private var scale = 1.0

    init(consumers: Int, scale: Double) {
        octets = Array(repeating: 0, count: consumers)
        interests = octets
        retransmissions = octets
        self.scale = scale
    }

    mutating func waited(_ seconds: Double) {
        waits[min(Int(seconds / scale * 1000), waits.count - 1)] += 1
    }

    /// A quantile of the waiting times, in base round-trip times.
    package func waiting(_ quantile: Double) -> Double {
        let total = waits.reduce(0, +)
        var below = 0
        for (step, count) in waits.enumerated() {
            below += count
            if Double(below) >= quantile * Double(total) { return Double(step) / 1000 }
        }
        return 0
    }

    /// Of what the link could carry.
    package var utilization: Double { Double(octets.reduce(0, +)) / (capacity * seconds) }

    package func share(_ consumer: Int) -> Double { Double(octets[consumer]) / (capacity * seconds) }

    /// Jain's fairness index of what the consumers in `range` received.
    package func fairness(_ range: Range<Int>) -> Double {
        let values = octets[range].map(Double.init)
        let sum = values.reduce(0, +)
        let squares = values.reduce(0) { $0 + $1 * $1 }
        return squares == 0 ? 0 : sum * sum / (Double(values.count) * squares)
    }
}

/// Something that must never happen did.
package struct Violation: Error, CustomStringConvertible {
    package let description: String
}
