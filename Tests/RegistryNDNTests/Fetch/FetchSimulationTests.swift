import NDN
import NDNSimulation
import RegistryNDN
import Testing

/// A few of the simulated networks; `simulate`, built optimised, runs them all.
@Suite struct FetchSimulationTests {
    @Test(.serialized, arguments: 0..<4)
    func randomScenarios(batch: Int) async {
        for seed in UInt64(batch * 50)..<UInt64(batch * 50 + 50) {
            // The tests with sockets and short timeouts run on the same few threads.
            await Task.yield()
            let failure = RandomScenarios.failure(seed: seed)
            #expect(failure == nil, "seed \(seed)")
            guard seed % 4 == 0 else { continue }
            let failureWithReaders = RandomScenarios.failure(seed: seed, hasReaders: true)
            #expect(failureWithReaders == nil, "seed \(seed), with readers")
        }
    }

    @Test(arguments: [
        "10 Mbit/s, 50 ms, loss 1.0 %", "fragments, 1 % of them lost", "jitter 10 ms",
        "sent again within 400 ms is dropped, 100 Mbit/s, 1 ms, 5 % lost",
    ])
    func rowOfTheTable(name: String) throws {
        let row = try #require(Table.rows.first { $0.name == name })
        for (bound, value) in zip(row.bounds, try row.run(FetchConfiguration().congestion)) {
            #expect(bound.isKept(by: value), "\(bound.name) is \(value)")
        }
    }
}
