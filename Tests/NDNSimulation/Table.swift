import NDN
import NIOCore

/// The scenario table with its bounds.
package enum Table {
    package static var rows: [Row] { grid + queues + sharing + changes + caches + suppression + small + site }

    /// More octets than any run takes.
    static let endless = 1 << 40

    static func one(
        _ algorithm: CongestionAlgorithm, _ link: Link, seconds: Double, warmUp: Double = 0
    ) -> Scenario {
        many([algorithm], link, seconds: seconds, warmUp: warmUp)
    }

    static func many(
        _ algorithms: [CongestionAlgorithm], _ link: Link, seconds: Double, warmUp: Double = 0
    ) -> Scenario {
        var scenario = Scenario(
            link: link,
            consumers: algorithms.enumerated().map {
                var blob = SimulatedBlob(size: 7777 * Int(link.rate / 8 / 7000 * seconds * 1.5 + 20_000))
                blob.content = $0
                var consumer = SimulatedConsumer($1, blobs: [blob])
                consumer.begin = .milliseconds(Int64($0) * 137)
                return consumer
            })
        scenario.duration = .nanoseconds(Int64(seconds * 1e9))
        scenario.warmUp = .nanoseconds(Int64(warmUp * 1e9))
        return scenario
    }

    // MARK: One consumer, by rate, round-trip time and loss

    /// What is asked for at each loss.
    private static let goals = [(loss: 0.0, least: 0.95), (0.001, 0.9), (0.01, 0.8), (0.05, 0.5)]

    /// The goal; on the fastest paths, where nobody could reach it, most of what can be.
    ///
    /// A retransmission comes at the earliest after NFD's 10 ms, the next after 20 more: in that time 10 Gbit/s fill the
    /// 32 MiB that a consumer may hold, and it waits.
    private static func bound(_ goal: Double, _ link: Link) -> Double {
        guard link.rate > 5e9, link.loss > 0 else { return goal }
        var best = Reachable(link, octets: 7927, window: (32 << 20) / 7777 + 1)
        return min(goal, 0.65 * best.utilization(seconds: 4))
    }

    static var grid: [Row] {
        var rows: [Row] = []
        for (rate, rateName) in [(10e6, "10 Mbit/s"), (100e6, "100 Mbit/s"), (1e9, "1 Gbit/s"), (10e9, "10 Gbit/s")] {
            for milliseconds in [1, 10, 50, 100, 300] as [Int64] {
                // Only where the bandwidth-delay product fits the memory.
                guard rate / 8 * Double(milliseconds) / 1000 < 24e6 else { continue }
                for (loss, goal) in goals {
                    let link = Link(rate: rate, rtt: .milliseconds(milliseconds), loss: loss)
                    // From the twelfth round trip on; the start counts where a whole blob is fetched.
                    let warmUp = max(0.5, Double(milliseconds) * 0.012)
                    let seconds = warmUp + min(max(4, Double(milliseconds) / 10), 1.5e10 / rate)
                    rows.append(
                        Row(
                            "\(rateName), \(milliseconds) ms, loss \(loss * 100) %",
                            [.utilization(bound(goal, link)), .waiting()]
                        ) { one($0, link, seconds: seconds, warmUp: warmUp) })
                }
            }
        }
        return rows
    }

    // MARK: Queues and faults of the link

    private static func link(_ change: (inout Link) -> Void) -> Link {
        var link = Link(rate: 100e6, rtt: .milliseconds(50))
        change(&link)
        return link
    }

    static var queues: [Row] {
        let mtu = 1400
        return [
            Row("queue of 1/4 BDP", [.utilization(0.9)]) { one($0, link { $0.queue /= 4 }, seconds: 10) },
            Row("queue of 8 BDP", [.utilization(0.95), .waiting()]) { one($0, link { $0.queue *= 8 }, seconds: 10) },
            Row("marks from 1/4 BDP on", [.utilization(0.85), .waiting(0.5)]) {
                one($0, link { $0.mark = $0.queue / 4 }, seconds: 10)
            },
            Row("jitter 10 ms", [.utilization(0.9), .atMost("sent again", 0.02) { $0.repeated }]) {
                one($0, link { $0.jitter = .milliseconds(10) }, seconds: 10)
            },
            Row("1 % take 3 ms longer", [.utilization(0.9), .atMost("sent again", 0.02) { $0.repeated }]) {
                one($0, link { $0.reordering = 0.01 }, seconds: 10)
            },
            Row("5 % duplicated", [.utilization(0.85)]) { one($0, link { $0.duplication = 0.05 }, seconds: 10) },
            Row("bursts of 20 packets lost, 1 %", [.utilization(0.8)]) {
                one($0, link { $0.burst = (0.0005, 0.05) }, seconds: 10)
            },
            Row("fragments of 1400 octets", [.utilization(0.95)]) { one($0, link { $0.mtu = mtu }, seconds: 10) },
            Row("fragments, 0.1 % of them lost", [.utilization(0.92)]) {
                one($0, link { ($0.mtu, $0.loss) = (mtu, 0.001) }, seconds: 10)
            },
            Row("fragments, 1 % of them lost", [.utilization(0.88)]) {
                one($0, link { ($0.mtu, $0.loss) = (mtu, 0.01) }, seconds: 10)
            },
            Row("fragments, 5 % of them lost", [.utilization(0.4)]) {
                one($0, link { ($0.mtu, $0.loss) = (mtu, 0.05) }, seconds: 10)
            },
        ]
    }

    // MARK: Several consumers

    static var sharing: [Row] {
        var rows = [2, 4, 8].map { count in
            Row("\(count) equals", [.utilization(0.95), .fairness(0.95, of: 0..<count), .waiting()], beginnings: 5) {
                many(Array(repeating: $0, count: count), link { _ in }, seconds: 90, warmUp: 30)
            }
        }
        rows.append(
            Row("2 with 50 and 100 ms", [.utilization(0.95), .fairness(0.75, of: 0..<2)]) {
                var scenario = many([$0, $0], link { _ in }, seconds: 60, warmUp: 20)
                scenario.consumers[1].delay = .milliseconds(25)
                return scenario
            })
        for (name, queue) in [("1/2", 0.5), ("1", 1), ("2", 2), ("4", 4)] {
            rows.append(
                Row(
                    "beside CUBIC over TCP, queue of \(name) BDP",
                    [
                        .utilization(0.9),
                        .atLeast("× CUBIC", 0.5) { Double($0.octets[0]) / Double(max($0.octets[1], 1)) },
                        .atMost("× CUBIC", 2) { Double($0.octets[0]) / Double(max($0.octets[1], 1)) },
                    ], beginnings: 5
                ) {
                    var scenario = many(
                        [$0, .cubic], link { $0.queue = Int(625_000 * queue) }, seconds: 90, warmUp: 10)
                    // CUBIC's growth is counted in packets of TCP's size.
                    scenario.consumers[1].blobs[0].size = 1448 * 1_000_000
                    scenario.consumers[1].blobs[0].chunk = 1448
                    return scenario
                })
        }
        return rows
    }

    // MARK: A path that changes

    static var changes: [Row] {
        [
            Row("round-trip time × 4 and rate / 4 after 5 s", [.utilization(0.95)]) {
                var scenario = one($0, link { $0.rate = 25e6 }, seconds: 25, warmUp: 7)
                scenario.link.rate = 25e6
                scenario.changes = [
                    LinkChange(.zero) { ($0.rate, $0.delay) = (100e6, .microseconds(6250)) },
                    LinkChange(.seconds(5)) { ($0.rate, $0.delay) = (25e6, .milliseconds(25)) },
                ]
                return scenario
            },
            Row("rate / 4 after 5 s", [.utilization(0.9)]) {
                var scenario = one($0, link { $0.rate = 25e6 }, seconds: 25, warmUp: 7)
                scenario.changes = [LinkChange(.zero) { $0.rate = 100e6 }, LinkChange(.seconds(5)) { $0.rate = 25e6 }]
                return scenario
            },
            Row("rate × 4 after 5 s", [.utilization(0.95)]) {
                var scenario = one($0, link { _ in }, seconds: 25, warmUp: 7)
                scenario.changes = [LinkChange(.zero) { $0.rate = 25e6 }, LinkChange(.seconds(5)) { $0.rate = 100e6 }]
                return scenario
            },
            Row("round-trip time × 4 after 5 s", [.utilization(0.9)]) {
                var scenario = one($0, link { $0.queue *= 2 }, seconds: 25, warmUp: 5)
                scenario.changes = [LinkChange(.seconds(5)) { $0.delay = .milliseconds(100) }]
                return scenario
            },
            Row("5 s of nothing after 5 s", [.utilization(0.9)]) {
                var scenario = one($0, link { _ in }, seconds: 25, warmUp: 11)
                scenario.changes = [
                    LinkChange(.seconds(5)) { $0.isDown = true }, LinkChange(.seconds(10)) { $0.isDown = false },
                ]
                return scenario
            },
        ]
    }

    // MARK: Routers that drop repetitions

    /// ndnd drops what is asked for again within 400 ms.
    static var suppression: [Row] {
        let name = "sent again within 400 ms is dropped"
        func row(_ what: String, _ least: Double, _ link: Link) -> Row {
            Row("\(name), \(what)", [.utilization(least)]) {
                var scenario = one($0, link, seconds: 10, warmUp: 2)
                scenario.suppression = .milliseconds(400)
                return scenario
            }
        }
        var buffer = Link(rate: 400e6, rtt: .milliseconds(1))
        // Linux's default receive buffer, filled by packets of 8 kB.
        (buffer.queue, buffer.jitter, buffer.loss) = (106_000, .milliseconds(1), 0.01)
        return [
            row("1 % lost", 0.95, link { $0.loss = 0.01 }),
            row("100 Mbit/s, 10 ms, 1 % lost", 0.9, Link(rate: 100e6, rtt: .milliseconds(10), loss: 0.01)),
            row("100 Mbit/s, 1 ms, 5 % lost", 0.7, Link(rate: 100e6, rtt: .milliseconds(1), loss: 0.05)),
            row("a small receive buffer", 0.6, buffer),
        ]
    }

    // MARK: Small blobs

    private static let smallCount = 60

    /// Blobs of known sizes, each asked for when the one before is there: a round trip and the time that the line takes for each.
    static var small: [Row] {
        [(10_000, 1.03), (100_000, 1.05), (200_000, 1.05), (400_000, 1.1)].map { size, limit in
            smallBlobs("\(size / 1000) kB", of: size, limit)
        } + [
            // What they measure of the path is what they use of it.
            smallBlobs("200 kB, where the rate has grown since a large one", of: 200_000, 1.12) {
                var large = SimulatedBlob(size: 19_000_000)
                large.content = smallCount
                $0.consumers[0].blobs.insert(large, at: 0)
                $0.consumers[0].blobs[1].isLater = true
                $0.warmUp = .milliseconds(4050)
                $0.changes = [LinkChange(.zero) { $0.rate = 40e6 }, LinkChange($0.warmUp) { $0.rate = 100e6 }]
            }
        ]
    }

    private static func smallBlobs(
        _ name: String, of size: Int, _ limit: Double, change: @escaping @Sendable (inout Scenario) -> Void = { _ in }
    ) -> Row {
        let count = smallCount
        let time = Bound.atMost("time", limit) {
            $0.seconds / Double(count) / (0.05 + Double(size) * 1.02 / $0.capacity)
        }
        return Row("one by one: \(name)", [time, .atMost("repeated", 0) { $0.repeated }]) {
            let blobs = (0..<count).map { index in
                var blob = SimulatedBlob(size: size)
                (blob.content, blob.isLater, blob.isExpected) = (index, index > 0, true)
                return blob
            }
            var scenario = Scenario(link: link { _ in }, consumers: [SimulatedConsumer($0, blobs: blobs)])
            change(&scenario)
            return scenario
        }
    }

    // MARK: Caches

    static var caches: [Row] {
        [
            Row("the first 20,000 segments cached, then none", [.utilization(0.9)]) {
                var scenario = one($0, link { _ in }, seconds: 20, warmUp: 8)
                scenario.consumers[0].delay = .milliseconds(1)
                scenario.consumers[0].blobs[0].size = 7777 * 100_000
                scenario.isCached = { $1 < 20_000 }
                return scenario
            },
            Row("every other segment cached", [.utilization(1.2)]) {
                var scenario = one($0, link { _ in }, seconds: 20)
                scenario.consumers[0].delay = .milliseconds(1)
                scenario.consumers[0].blobs[0].size = 7777 * 100_000
                scenario.isCached = { $1 % 2 == 0 }
                return scenario
            },
            Row("the producer takes 0 to 40 ms", [.utilization(0.85)]) {
                var scenario = one($0, link { _ in }, seconds: 20)
                scenario.producerJitter = .milliseconds(40)
                return scenario
            },
            Row(
                "4 consumers of one blob, 500 ms apart, a cache between",
                [.atMost("over the link", 1.35) { $0.crossings(of: 60_000_000) }]
            ) {
                var scenario = many([$0, $0, $0, $0], link { _ in }, seconds: 60)
                scenario.duration = nil
                scenario.cachesAll = true
                for index in 0..<4 {
                    scenario.consumers[index].begin = .milliseconds(Int64(index) * 500)
                    scenario.consumers[index].blobs = [SimulatedBlob(size: 60_000_000)]
                }
                return scenario
            },
        ]
    }
}

extension Measurements {
    /// Interests sent again, of all.
    var repeated: Double { Double(retransmissions.reduce(0, +)) / Double(max(interests.reduce(0, +), 1)) }

    /// How often a blob of `octets` crossed the link.
    func crossings(of octets: Int) -> Double { Double(carried) / (Double(octets) * 1.02) }
}
