import Logging
import NIOCore
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// Several routers on the loopback, and a fetcher that chooses among them.
private struct Network: Sendable {
    struct Directory: RouterDirectory {
        let known: [Router]

        func routers() async throws(DiscoveryError) -> [Router] {
            if known.isEmpty { throw DiscoveryError("nobody knows a router") }
            return known
        }
    }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    /// Of its own: other tests block the shared loops for long.
    let group: MultiThreadedEventLoopGroup
    /// Answer pings, and whatever `handler` says for segments.
    let producers: [ScriptedProducer]
    let routers: [Router]

    static func start(_ handlers: [ScriptedProducer.Handler]) async throws -> Network {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var producers: [ScriptedProducer] = []
        var routers: [Router] = []
        for handler in handlers {
            let producer = ScriptedProducer(loop: group.next()) { blob, segment in
                let isPing = segment == nil && blob.last == .generic("ping")
                return isPing ? .data(ByteBuffer(), final: nil) : handler(blob, segment)
            }
            producers.append(producer)
            routers.append(Router(uri: try await producer.listen(at: FaceURI("udp4://127.0.0.1:0"))))
        }
        return Network(group: group, producers: producers, routers: routers)
    }

    func fetcher(_ known: [Router]? = nil) -> FailoverFetcher {
        var configuration = FetchConfiguration()
        configuration.sizeTimeout = .seconds(2)
        configuration.progressTimeout = .seconds(3)
        configuration.retransmissions = 3
        let group = group
        let fetching = configuration
        return FailoverFetcher(
            finder: RouterFinder(
                directory: Directory(known: known ?? routers),
                questions: ProbeQuestions(name: nil, producer: Name([.generic("test")])), group: group,
                logger: Self.logger),
            patience: .seconds(20), logger: Self.logger
        ) { router, waitsUntilUp in
            try await BlobFetcher.connect(
                router: router, configuration: fetching, group: group, logger: Self.logger, waitsUntilUp: waitsUntilUp)
        }
    }

    func stop() async throws {
        for producer in producers { try await producer.close() }
        try await group.shutdownGracefully()
    }
}

@Suite("Discovery: failover", .timeLimit(.minutes(1)))
struct FailoverTests {
    private let blob = TestBlob("blob", size: 400_000)

    private func read(_ stream: any BlobStream) async throws(FetchError) -> ByteBuffer {
        var octets = ByteBuffer()
        while let chunk = try await stream.next() { octets.writeImmutableBuffer(chunk) }
        return octets
    }

    @Test func probingTellsProducerRouterNackAndSilence() async throws {
        let silent: ScriptedProducer.Handler = { _, _ in .silence }
        let network = try await Network.start([silent, silent])
        let nacking = ScriptedProducer(loop: network.group.next()) { _, _ in .nack(.noRoute) }
        let nackingURI = try await nacking.listen(at: FaceURI("udp4://127.0.0.1:0"))
        let mute = ScriptedProducer(loop: network.group.next()) { _, _ in .silence }
        let muteURI = try await mute.listen(at: FaceURI("udp4://127.0.0.1:0"))
        let refusing = try FaceURI("tcp4://127.0.0.1:1")
        let routers = [Router(uri: refusing), Router(uri: muteURI), Router(uri: nackingURI)] + network.routers
        let measurements = try await RouterProbing.measure(
            routers, ProbeQuestions(name: nil, producer: Name([.generic("test")])), on: network.group.next(),
            logger: Network.logger
        ).get()
        #expect(measurements.map(\.router) == routers)
        #expect(measurements.map(\.answer) == [.silence, .silence, .nack, .producer, .producer])
        #expect(measurements.map { $0.rtt != nil } == [false, false, true, true, true])
        for producer in [nacking, mute] { try await producer.close() }
        try await network.stop()
    }

    @Test func aBlobComesThroughTheNextRouterWhenTheFirstIsDead() async throws {
        let blob = blob
        // Answers pings, no segments: the path behind it is broken.
        let network = try await Network.start([{ _, _ in .silence }, { _, segment in blob.answer(segment) }])
        let fetcher = network.fetcher()
        await fetcher.search()
        // Whichever answered first is asked first; in the end the second serves.
        for _ in 0..<2 {
            #expect(try await read(fetcher.stream(blob.name, range: .whole)) == blob.octets)
        }
        let count = network.producers[1].interests
        #expect(try await read(fetcher.stream(blob.name, range: .whole)) == blob.octets)
        #expect(network.producers[1].interests > count)
        await fetcher.shutdown()
        try await network.stop()
    }

    @Test(
        arguments: [
            BlobRange.whole, .from(1000, through: 390_000),
            .several([.from(1000, through: 100_000), .from(200_000, through: 390_000)]),
        ])
    func whenARouterDiesInTheMiddleTheNextGoesOnFromThere(_ range: BlobRange) async throws {
        let blob = blob
        let first = Mutexed<Int?>(nil)
        // Whoever is asked first stops in the middle of the blob; the other one serves it.
        let handlers = (0..<2).map { number -> ScriptedProducer.Handler in
            { _, segment in
                guard let segment else { return .silence }
                if first.value == nil { first.value = number }
                let isHidden = first.value == number && segment > 20 && segment < blob.final
                return isHidden ? .silence : blob.answer(segment)
            }
        }
        let network = try await Network.start(handlers)
        let fetcher = network.fetcher()
        await fetcher.search()
        let stream = try await fetcher.stream(blob.name, range: range)
        #expect(stream.size == 400_000)
        let parts = range.parts(of: stream.size)
        #expect(stream.parts == parts)
        let wanted = parts.ranges.reduce(into: ByteBuffer()) {
            $0.writeImmutableBuffer(blob.octets.getSlice(at: Int($1.lowerBound), length: $1.count) ?? ByteBuffer())
        }
        #expect(try await read(stream) == wanted)
        let other = try #require(first.value.map { network.producers[1 - $0] })
        #expect(other.interests < Int(blob.final), "not all of it again")
        await fetcher.shutdown()
        try await network.stop()
    }

    @Test func whatTheNextRouterGivesOnlyFaultyComesFromElsewhereToo() async throws {
        let blob = blob
        let library = BlobLibrary(blob)
        let first = Mutexed<Int?>(nil)
        let handlers = (0..<2).map { number -> ScriptedProducer.Handler in
            { _, segment in
                guard let segment else { return .silence }
                if first.value == nil { first.value = number }
                let isHidden = first.value == number && segment > 20 && segment < blob.final
                return isHidden ? .silence : segment == 40 ? blob.answer(segment, .length) : blob.answer(segment)
            }
        }
        let network = try await Network.start(handlers)
        let fetcher = network.fetcher()
        await fetcher.search()
        let stream = try await fetcher.stream(blob.name, range: .whole, size: nil, repair: library.repair())
        let octets = try await read(stream)
        #expect(octets == blob.octets)
        #expect(library.segments(by: "somebody").contains(40))
        await fetcher.shutdown()
        try await network.stop()
    }

    @Test func withoutRoutersBlobsFailAtOnceAndTheReasonIsKnown() async throws {
        let network = try await Network.start([])
        let fetcher = network.fetcher()
        await fetcher.search()
        #expect(fetcher.lastError?.description == "nobody knows a router")
        await #expect(throws: FetchError.faceDown) { _ = try await fetcher.stream(blob.name, range: .whole) }
        #expect(await !fetcher.probe(blob.name))
        await fetcher.shutdown()
        try await network.stop()
    }

    @Test func theFirstBlobWaitsForTheSearch() async throws {
        let blob = blob
        let network = try await Network.start([{ _, segment in blob.answer(segment) }])
        let fetcher = network.fetcher()
        async let stream = fetcher.stream(blob.name, range: .whole)
        let running = Task { await fetcher.run() }
        #expect(try await read(stream) == blob.octets)
        running.cancel()
        await running.value
        await fetcher.shutdown()
        try await network.stop()
    }

    @Test func anUnknownBlobIsNoReasonToChangeTheRouter() async throws {
        let handler: ScriptedProducer.Handler = { _, segment in
            segment == nil ? .data(ByteBuffer(), final: nil, type: ContentType.nack) : .silence
        }
        let network = try await Network.start([handler, handler])
        let fetcher = network.fetcher()
        await fetcher.search()
        await #expect(throws: FetchError.notFound) { _ = try await fetcher.stream(blob.name, range: .whole) }
        let asked = network.producers.filter { $0.interests > 0 }
        #expect(asked.count == 1)
        await fetcher.shutdown()
        try await network.stop()
    }

    @Test func pingsAreAnsweredByProducersAndCounted() async throws {
        let network = try await Network.start([{ _, _ in .silence }])
        let pinger = try await Pinger.connect(
            to: network.routers[0].uri, group: network.group, logger: Network.logger)
        let prefix = Name([.generic("test")])
        guard case .data = await pinger.ping(prefix, exact: false, lifetime: .seconds(2)) else {
            Issue.record("no answer")
            return
        }
        #expect(await pinger.ping(prefix, exact: true, lifetime: .milliseconds(50)) == .timeout)
        await pinger.close()
        #expect(await pinger.ping(prefix, exact: true, lifetime: .milliseconds(50)) == .faceDown)
        try await network.stop()
    }
}
