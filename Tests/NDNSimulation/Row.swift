package import NDN
import NIOCore

/// A bound that a measured value must keep.
package struct Bound: Sendable {
    package enum Direction: Sendable { case atLeast, atMost }

    package let name: String
    package let direction: Direction
    package let limit: Double
    let value: @Sendable (Measurements) -> Double

    package func isKept(by value: Double) -> Bool {
        direction == .atLeast ? value >= limit : value <= limit
    }

    static func atLeast(_ name: String, _ limit: Double, _ value: @escaping @Sendable (Measurements) -> Double) -> Bound
    {
        Bound(name: name, direction: .atLeast, limit: limit, value: value)
    }

    static func atMost(_ name: String, _ limit: Double, _ value: @escaping @Sendable (Measurements) -> Double) -> Bound
    {
        Bound(name: name, direction: .atMost, limit: limit, value: value)
    }

    static func utilization(_ limit: Double) -> Bound { .atLeast("utilisation", limit) { $0.utilization } }
    /// The 95th percentile of the waiting times in base round-trip times.
    static func waiting(_ limit: Double = 1) -> Bound { .atMost("p95 wait", limit) { $0.waiting(0.95) } }
    static func fairness(_ limit: Double, of consumers: Range<Int>) -> Bound {
        .atLeast("fairness", limit) { $0.fairness(consumers) }
    }
}

/// One line of the scenario table.
package struct Row: Sendable {
    package let name: String
    package let bounds: [Bound]
    let scenario: @Sendable (CongestionAlgorithm) -> Scenario

    /// Runs, of which the medians count: where many flows share a queue, much depends on who began when.
    let beginnings: UInt64

    init(
        _ name: String, _ bounds: [Bound], beginnings: UInt64 = 1,
        _ scenario: @escaping @Sendable (CongestionAlgorithm) -> Scenario
    ) {
        self.name = name
        self.bounds = bounds
        self.beginnings = beginnings
        self.scenario = scenario
    }

    package func run(_ algorithm: CongestionAlgorithm) throws -> [Double] {
        let runs = try (1...beginnings).map { try run(algorithm, seed: $0) }
        return bounds.indices.map { index in runs.map { $0[index] }.sorted()[runs.count / 2] }
    }

    package func run(_ algorithm: CongestionAlgorithm, seed: UInt64) throws -> [Double] {
        var scenario = scenario(algorithm)
        scenario.seed = seed
        // Where nothing is random, consumers that begin a little later make another run.
        for index in scenario.consumers.indices {
            let later = TimeAmount.milliseconds(Int64(seed - 1) * Int64(index) * 13)
            scenario.consumers[index].begin = scenario.consumers[index].begin + later
        }
        var simulation = Simulation(scenario)
        let measured = try simulation.run()
        if let failure = simulation.failure { throw Violation(description: failure) }
        return bounds.map { $0.value(measured) }
    }
}
