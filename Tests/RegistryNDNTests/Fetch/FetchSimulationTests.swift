import NIOCore
import Testing

@testable import RegistryNDN

@Suite struct FetchSimulationTests {
    private static func scenario(seed: UInt64) -> FetchSimulation {
        var random = SplitMix64(seed: seed)
        var link = FetchSimulation.Link()
        link.rate = [200, 2000, 20_000, 200_000].randomElement(using: &random) ?? 1
        link.delay = .microseconds(Int64.random(in: 50...60_000, using: &random))
        link.jitter = .microseconds([0, 0, 100, 3000, 30_000].randomElement(using: &random) ?? 0)
        link.loss = [0, 0, 0.001, 0.01, 0.03, 0.1].randomElement(using: &random) ?? 0
        link.duplication = [0, 0, 0.05, 0.5].randomElement(using: &random) ?? 0
        link.queue = Int.random(in: 4...300, using: &random)
        link.marks = Bool.random(using: &random) ? .max : Int.random(in: 2...50, using: &random)
        let blobs = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            FetchSimulation.Blob(
                chunk: Int.random(in: 1...8000, using: &random),
                size: Int.random(in: 0...(1000 * [1, 10, 1000].randomElement(using: &random)!), using: &random),
                readRate: Bool.random(using: &random) ? nil : Double.random(in: 100...20_000, using: &random),
                room: UInt64.random(in: 1...300, using: &random))
        }.map { blob in
            var blob = blob  // At most 300 segments: a thousand scenarios have to be quick.
            blob.chunk = max(blob.chunk, blob.size / 300 + 1)
            return blob
        }
        var configuration = FetchConfiguration()
        configuration.sizeTimeout = .seconds(60)
        configuration.progressTimeout = .seconds(60)
        configuration.retransmissions = 30
        return FetchSimulation(
            link: link, blobs: blobs, maximumWindow: Int.random(in: 1...128, using: &random),
            configuration: configuration, seed: seed)
    }

    @Test(.serialized, arguments: 0..<10)
    func randomScenarios(batch: Int) async throws {
        for seed in UInt64(batch * 100)..<UInt64(batch * 100 + 100) {
            // The tests with sockets and short timeouts run on the same few threads.
            await Task.yield()
            var simulation = Self.scenario(seed: seed)
            do {
                _ = try simulation.run()
            } catch {
                Issue.record("seed \(seed): \(error)")
                continue
            }
            for blob in simulation.blobs.indices {
                #expect(
                    simulation.isWhole(blob),
                    "seed \(seed), blob \(blob): \(String(describing: simulation.scheduler[blob]?.failure))")
            }
            #expect(simulation.scheduler.path.inFlight == 0, "seed \(seed)")
        }
    }

    private static func fetchOne(_ link: FetchSimulation.Link, segments: Int, seed: UInt64 = 1) throws -> (
        seconds: Double, sent: Int
    ) {
        var configuration = FetchConfiguration()
        configuration.sizeTimeout = .seconds(10)
        var simulation = FetchSimulation(
            link: link, blobs: [.init(chunk: 8000, size: 8000 * segments, readRate: nil, room: 2000)],
            maximumWindow: 4000, configuration: configuration, seed: seed)
        let time = try simulation.run()
        #expect(simulation.isWhole(0))
        return (Double(time.nanoseconds) / 1e9, simulation.sent)
    }

    @Test func fillsACleanLink() throws {
        // 80 Mbit/s, 20 ms, a queue of about one and a half round trips: 5000 segments take 4 s of the link's time.
        let link = FetchSimulation.Link(rate: 1250, delay: .milliseconds(10), queue: 40)
        let (seconds, sent) = try Self.fetchOne(link, segments: 5000)
        #expect(seconds < 4.0 / 0.9)
        #expect(sent < 5300)
    }

    @Test func randomLossCostsNoTimeouts() throws {
        // At 3 % loss each way a timeout of at least 200 ms a lost segment would take 2000 × 0.06 × 0.2 s = 24 s.
        let link = FetchSimulation.Link(rate: 25_000, delay: .microseconds(100), loss: 0.03)
        let (seconds, sent) = try Self.fetchOne(link, segments: 2000)
        #expect(seconds < 2)
        #expect(sent < 2000 * 112 / 100)
    }

    @Test func jitterIsNotLoss() throws {
        let link = FetchSimulation.Link(rate: 5000, delay: .milliseconds(10), jitter: .milliseconds(8))
        let (_, sent) = try Self.fetchOne(link, segments: 2000)
        #expect(sent < 2000 * 103 / 100)
    }
}
