import NDN
import NDNSimulation

#if canImport(Glibc)
    import Glibc
#endif

/// Runs the fetch engine in simulated networks: the table of scenarios with their bounds, and random ones.
@main struct Simulate {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        let standard = FetchConfiguration().congestion
        switch arguments.first {
        case "table":
            let named = arguments.dropFirst().compactMap { CongestionAlgorithm(rawValue: $0) }
            let wanted = arguments.dropFirst().filter { CongestionAlgorithm(rawValue: $0) == nil }
            let rows = Table.rows.filter { row in wanted.isEmpty || wanted.contains { row.name.contains($0) } }
            close(table(named.isEmpty ? [standard] : named, rows))
        case "seeds":
            let words = arguments.dropFirst()
            let count = words.first.flatMap { UInt64($0) } ?? 10
            for row in Table.rows where words.dropFirst().contains(where: { row.name.contains($0) }) {
                seeds(row, standard, count)
            }
        case "random":
            let numbers = arguments.dropFirst().compactMap { UInt64($0) }
            guard let count = numbers.first else { usage() }
            close(random(count, from: numbers.dropFirst().first ?? 0, hasReaders: false))
        case "readers":
            let numbers = arguments.dropFirst().compactMap { UInt64($0) }
            guard let count = numbers.first else { usage() }
            close(random(count, from: numbers.dropFirst().first ?? 0, hasReaders: true))
        case "trace":
            let numbers = arguments.dropFirst().compactMap { UInt64($0) }
            guard let count = numbers.first else { usage() }
            let first = numbers.dropFirst().first ?? 0
            for seed in first..<first + count { print(seed, RandomScenarios.trace(seed: seed)) }
        case "test":
            let (passed, failed) = table([standard], Table.rows)
            let failures = [false, true].filter { random(10_000, from: 0, hasReaders: $0).failed > 0 }.count
            close((passed + 2 - failures, failed + failures))
        default: usage()
        }
    }

    private static func usage() -> Never {
        print(
            """
            usage: simulate table [rate|cubic|aimd …] [PART OF A ROW'S NAME …]
                   simulate random COUNT [FIRST-SEED]     (segments alone)
                   simulate readers COUNT [FIRST-SEED]    (with readers who share, hang up and repair)
                   simulate trace COUNT [FIRST-SEED]    (a number a seed; the same as before a change of structure)
                   simulate test
            """)
        exit(64)
    }

    private static func close(_ counts: (passed: Int, failed: Int)) -> Never {
        print("\n\(counts.passed) passed, \(counts.failed) failed")
        exit(counts.failed == 0 ? 0 : 1)
    }

    /// Prints each row's values; those of the default controller must keep the bounds.
    private static func table(_ algorithms: [CongestionAlgorithm], _ rows: [Row]) -> (passed: Int, failed: Int) {
        var (passed, failed) = (0, 0)
        for row in rows {
            let results = algorithms.map { cells(row, $0) }
            let isKept = zip(algorithms, results).allSatisfy {
                $0 != FetchConfiguration().congestion || $1.isKept
            }
            if isKept { passed += 1 } else { failed += 1 }
            print("\(isKept ? "ok  " : "FAIL") \(row.name): \(results.map(\.text).joined(separator: "; "))")
        }
        return (passed, failed)
    }

    /// What other random numbers make of a row: the least, the median and the largest of each value.
    private static func seeds(_ row: Row, _ algorithm: CongestionAlgorithm, _ count: UInt64) {
        let runs = (1...max(count, 1)).compactMap { seed in try? row.run(algorithm, seed: seed) }
        let cells = row.bounds.indices.map { index in
            let sorted = runs.map { $0[index] }.sorted()
            return row.bounds[index].name + " " + sorted.map(three).joined(separator: " ")
        }
        print("\(row.name): \(cells.joined(separator: "; "))")
    }

    private static func cells(_ row: Row, _ algorithm: CongestionAlgorithm) -> (text: String, isKept: Bool) {
        do {
            let values = try row.run(algorithm)
            let cells = zip(row.bounds, values).map { bound, value in
                let sign = bound.direction == .atLeast ? "≥" : "≤"
                let note = bound.isKept(by: value) ? "" : " (not \(sign) \(three(bound.limit)))"
                return "\(bound.name) \(three(value)) \(sign) \(three(bound.limit))\(note)"
            }
            return (
                "\(algorithm.rawValue) \(cells.joined(separator: ", "))",
                zip(row.bounds, values).allSatisfy { $0.isKept(by: $1) }
            )
        } catch {
            return ("\(algorithm.rawValue) \(error)", false)
        }
    }

    private static func random(
        _ count: UInt64, from first: UInt64, hasReaders: Bool
    ) -> (passed: Int, failed: Int) {
        var failed = 0
        for seed in first..<first + count {
            guard let why = RandomScenarios.failure(seed: seed, hasReaders: hasReaders) else { continue }
            failed += 1
            print("FAIL seed \(seed): \(why) (simulate \(hasReaders ? "readers" : "random") 1 \(seed))")
        }
        print("\(count) random scenarios\(hasReaders ? " with readers" : ""), \(failed) of them failed")
        return (Int(count) - failed, failed)
    }

    private static func three(_ value: Double) -> String {
        let thousandths = Int((value * 1000).rounded())
        let fraction = String(abs(thousandths) % 1000)
        return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}
