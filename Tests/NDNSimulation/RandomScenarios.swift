import NDN
import NIOCore

/// Scenarios drawn from a seed, small and hostile: links, faults, readers and consumers of all sorts.
package enum RandomScenarios {
    /// - Parameter hasReaders: whether readers of whole blobs and ranges share transfers, hang up and repair; else segments alone
    ///   are simulated.
    /// - Returns: what went wrong; nil when all was well.
    package static func failure(seed: UInt64, hasReaders: Bool = false) -> String? {
        var simulation = Simulation(hasReaders ? readers(seed: seed) : scenario(seed: seed))
        do {
            _ = try simulation.run()
        } catch {
            return "\(error)"
        }
        return simulation.faults().first
    }

    /// What the run of a seed sent and when, in one number.
    package static func trace(seed: UInt64) -> UInt64 {
        var simulation = Simulation(scenario(seed: seed))
        _ = try? simulation.run()
        return simulation.trace
    }

    package static func scenario(seed: UInt64) -> Scenario {
        var random = SplitMix64(seed: seed)
        var scenario = Scenario(link: link(&random), consumers: [])
        scenario.consumers = (0..<pick([1, 1, 1, 2, 3], &random)).map { _ in consumer(&random) }
        scenario.producerDelay = .microseconds(pick([0, 0, 200, 20_000], &random))
        scenario.producerJitter = .microseconds(pick([0, 0, 1000, 50_000], &random))
        scenario.cachesAll = random.chance(0.3)
        let period = pick([0, 0, 2, 3, 10] as [UInt64], &random)
        if period > 0 { scenario.isCached = { $1 % period == 0 } }
        if random.chance(0.2) {
            let (delay, rate) = (Int64.random(in: 50...100_000, using: &random), pick([0.25, 1, 4], &random))
            scenario.changes.append(
                LinkChange(.milliseconds(.random(in: 1...500, using: &random))) {
                    $0.delay = .microseconds(delay)
                    $0.rate *= rate
                })
        }
        if random.chance(0.1) {
            scenario.changes += [
                LinkChange(.milliseconds(100)) { $0.isDown = true },
                LinkChange(.milliseconds(2100)) { $0.isDown = false },
            ]
        }
        if random.chance(0.2) {
            for index in scenario.consumers.indices {
                scenario.consumers[index].faultyPeriod = pick([7, 20, 90], &random)
            }
        }
        scenario.seed = seed
        return scenario
    }

    /// The same network with readers of all sorts in each consumer.
    package static func readers(seed: UInt64) -> Scenario {
        var scenario = scenario(seed: seed)
        var random = SplitMix64(seed: ~seed)
        scenario.configuration.memoryBudget = pick([64 << 10, 512 << 10, 4 << 20, 32 << 20], &random)
        scenario.configuration.admissionTimeout = .minutes(9)
        for index in scenario.consumers.indices {
            // Only who serves all blobs alike can be guessed rightly.
            if random.chance(0.7) {
                let chunk = scenario.consumers[index].blobs.map(\.chunk).max() ?? 1
                for blob in scenario.consumers[index].blobs.indices {
                    scenario.consumers[index].blobs[blob].chunk = chunk
                }
            }
            let blobs = scenario.consumers[index].blobs
            scenario.consumers[index].readers = (0..<pick([1, 2, 3, 6], &random)).map { _ in reader(blobs, &random) }
                .sorted { $0.begin < $1.begin }
        }
        return scenario
    }

    private static func reader(_ blobs: [SimulatedBlob], _ random: inout SplitMix64) -> SimulatedReader {
        var reader = SimulatedReader()
        reader.blob = .random(in: blobs.indices, using: &random)
        let size = UInt64(blobs[reader.blob].size)
        let first = UInt64.random(in: 0...size, using: &random)
        let last = UInt64.random(in: first...max(first, size + 10), using: &random)
        reader.range = pick(
            [
                .whole, .whole, .from(first), .from(0), .from(first, through: last), .last(last - first),
                .several([
                    .from(0, through: first / 3), .from(first / 2 + 1, through: first), .from(last + 1, through: size),
                ]),
            ], &random)
        let chunk = UInt64(blobs[reader.blob].chunk)
        reader.hint = pick(
            [
                nil, size, size, size + 1, max(size, 1) - 1, size + 3 * chunk, size / 2, 1, 0, 1 << 62, .max,
                .random(in: 0...2 * size, using: &random),
            ], &random)
        reader.begin = .milliseconds(pick([0, 0, 10, 100, 300], &random))
        reader.rate = random.chance(0.5) ? nil : .random(in: 10_000...10_000_000, using: &random)
        reader.hangsUpAfter = random.chance(0.2) ? .random(in: 1...Int(size + 1), using: &random) : nil
        reader.audience = pick([nil, nil, 1, 1, 2], &random)
        return reader
    }

    private static func pick<T>(_ values: [T], _ random: inout SplitMix64) -> T {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    private static func link(_ random: inout SplitMix64) -> Link {
        var link = Link()
        link.rate = pick([2e6, 2e7, 2e8, 2e9], &random)
        link.delay = .microseconds(.random(in: 50...60_000, using: &random))
        link.jitter = .microseconds(pick([0, 0, 100, 3000, 30_000], &random))
        link.reordering = pick([0, 0, 0.01, 0.2], &random)
        link.loss = pick([0, 0, 0.001, 0.01, 0.03, 0.1], &random)
        if random.chance(0.2) { link.burst = (0.002, 0.1) }
        link.duplication = pick([0, 0, 0.05, 0.5], &random)
        link.queue = .random(in: 20_000...2_000_000, using: &random)
        link.mark = random.chance(0.5) ? nil : .random(in: 10_000...400_000, using: &random)
        link.mtu = pick([nil, nil, 1400], &random)
        return link
    }

    private static func consumer(_ random: inout SplitMix64) -> SimulatedConsumer {
        let blobs = (0..<pick([1, 1, 2, 4], &random)).map { _ in
            var blob = SimulatedBlob(size: .random(in: 0...(1000 * pick([1, 10, 1000], &random)), using: &random))
            // At most 300 segments: ten thousand scenarios have to be quick.
            blob.chunk = max(.random(in: 1...8000, using: &random), blob.size / 300 + 1)
            blob.readRate = random.chance(0.5) ? nil : .random(in: 100...20_000, using: &random)
            blob.room = blob.chunk * .random(in: 1...300, using: &random)
            blob.content = blob.size
            return blob
        }
        var consumer = SimulatedConsumer(
            pick([.rate, .rate, .cubic, .aimd], &random), blobs: blobs)
        consumer.maximumWindow = .random(in: 1...128, using: &random)
        consumer.delay = .microseconds(pick([0, 0, 1000, 20_000], &random))
        consumer.begin = .milliseconds(pick([0, 0, 10, 300], &random))
        return consumer
    }
}
