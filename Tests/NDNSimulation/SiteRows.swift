import NDN
import NIOCore

/// Many consumers behind one router with a cache, on a long, thin line: what a site is.
extension Table {
    /// An image of five layers, by its octets.
    private static let layers = [80_000_000, 50_000_000, 40_000_000, 20_000_000, 10_000_000]
    private static let image = layers.reduce(0, +)

    /// - Parameter apart: the time from one consumer's begin to the next one's.
    private static func site(
        _ algorithm: CongestionAlgorithm, consumers: Int, apart: TimeAmount, loss: Double = 0,
        suppression: TimeAmount
    ) -> Scenario {
        var link = Link(rate: 100e6, rtt: .milliseconds(50), loss: loss)
        link.mtu = 1400
        var scenario = Scenario(
            link: link,
            consumers: (0..<consumers).map { number in
                let blobs = layers.enumerated().map { index, size in
                    var blob = SimulatedBlob(size: size)
                    blob.content = index
                    blob.room = 8 << 20
                    return blob
                }
                var consumer = SimulatedConsumer(algorithm, blobs: blobs)
                consumer.delay = .microseconds(100 + 20 * Int64(number))
                consumer.begin = apart * Int64(number)
                return consumer
            })
        scenario.cachesAll = true
        scenario.suppression = suppression
        return scenario
    }

    /// In terms of the time that the line takes for the image.
    private static func time(_ limit: Double) -> Bound {
        .atMost("time", limit) { $0.seconds * $0.capacity / (Double(image) * 1.02) }
    }

    private static func crossings(_ limit: Double) -> Bound {
        .atMost("over the link", limit) { $0.crossings(of: image) }
    }

    /// Routers drop an Interest for what they asked for less than 10 ms ago (NFD), or than about a round-trip time (ours).
    static var site: [Row] {
        let (nfd, ours) = (TimeAmount.milliseconds(10), TimeAmount.milliseconds(60))
        return [
            row("one", 1, apart: 0, suppression: nfd, time: 1.03, crossings: 1.01),
            row("one, 1 % of fragments lost", 1, apart: 0, loss: 0.01, suppression: nfd, time: 1.12, crossings: 1.08),
            row("eight, 10 ms apart", 8, apart: 10, suppression: ours, time: 1.06, crossings: 1.03),
            row("eight, 300 ms apart", 8, apart: 300, suppression: ours, time: 1.15, crossings: 1.06),
            row(
                "eight, 10 ms apart, 1 % of fragments lost", 8, apart: 10, loss: 0.01, suppression: ours, time: 1.2,
                crossings: 1.13),
            row("eight, 10 ms apart, NFD", 8, apart: 10, suppression: nfd, time: 1.06, crossings: 1.06),
            row("eight, 300 ms apart, NFD", 8, apart: 300, suppression: nfd, time: 1.25, crossings: 1.15),
            row(
                "eight, 10 ms apart, NFD, 1 % of fragments lost", 8, apart: 10, loss: 0.01, suppression: nfd,
                time: 1.4, crossings: 1.35),
            afterCache("after three blobs out of the cache", isBeside: false),
            afterCache("beside three blobs out of the cache", isBeside: true),
        ]
    }

    /// An image whose lower layers are in the site's cache, and whose last one is not: that one comes as fast as it would alone.
    ///
    /// - Parameter isBeside: all layers are asked for at the same moment.
    private static func afterCache(_ name: String, isBeside: Bool) -> Row {
        let size = 10_000_000
        return Row(
            "site: \(name)",
            [
                .atMost("time", 1.25) { $0.seconds * $0.capacity / (Double(size) * 1.02) },
                .atMost("over the link", 1.05) { $0.crossings(of: size) },
                // Of all Interests, seven in eight of which the cache answers.
                .atMost("repeated", 0.006) { $0.repeated },
            ]
        ) { algorithm in
            var link = Link(rate: 100e6, rtt: .milliseconds(50))
            link.mtu = 1400
            var consumer = SimulatedConsumer(
                algorithm,
                blobs: (0..<4).map { index in
                    var blob = SimulatedBlob(size: index == 3 ? size : 2 * size)
                    blob.content = index
                    blob.room = 8 << 20
                    blob.isLater = !isBeside && index > 0
                    return blob
                })
            consumer.delay = .microseconds(100)
            var scenario = Scenario(link: link, consumers: [consumer])
            scenario.isCached = { content, _ in content < 3 }
            scenario.cachesAll = true
            scenario.suppression = .milliseconds(60)
            return scenario
        }
    }

    private static func row(
        _ name: String, _ consumers: Int, apart: Int64, loss: Double = 0, suppression: TimeAmount, time: Double,
        crossings: Double
    ) -> Row {
        Row(
            "site: \(name)",
            [
                Self.time(time), Self.crossings(crossings),
                .atMost("repeated", consumers == 1 && loss == 0 ? 0.003 : 0.2) { $0.repeated },
            ],
            beginnings: 3
        ) {
            site($0, consumers: consumers, apart: .milliseconds(apart), loss: loss, suppression: suppression)
        }
    }
}
