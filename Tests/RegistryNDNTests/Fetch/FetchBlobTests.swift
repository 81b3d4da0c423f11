import Foundation
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN
import Testing

/// A producer and a fetcher connected to it, over real sockets.
struct FetchFixture: Sendable {
    let producer: ScriptedProducer
    let fetcher: BlobFetcher
    let uri: FaceURI

    /// Runs `body` and takes everything down.
    static func run(
        _ scheme: FaceURI.Scheme = .unix, loss: Double = 0, configuration: FetchConfiguration = .patient,
        handler: @escaping ScriptedProducer.Handler, _ body: @Sendable (FetchFixture) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let producer = ScriptedProducer(loop: group.next(), loss: loss, handler: handler)
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let asked = scheme == .unix ? FaceURI(path: folder.path + "/s") : try FaceURI("\(scheme)4://127.0.0.1:0")
        let uri = try await producer.listen(at: asked)
        let fetcher = try await BlobFetcher.connect(
            router: uri, configuration: configuration, group: group, logger: Logger(label: "test"))
        let result: Result<Void, any Error>
        do {
            try await body(FetchFixture(producer: producer, fetcher: fetcher, uri: uri))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await fetcher.shutdown()
        try await producer.close()
        try await group.shutdownGracefully()
        try result.get()
    }

    func read(_ blob: Name) async throws(FetchError) -> ByteBuffer {
        try await Self.drain(try await fetcher.open(blob))
    }

    static func drain(_ reader: BlobReader) async throws(FetchError) -> ByteBuffer {
        var octets = ByteBuffer()
        while let chunk = try await reader.next() { octets.writeImmutableBuffer(chunk) }
        return octets
    }
}

extension FetchConfiguration {
    /// For tests that are not about time: a machine busy with other tests may take long.
    static var patient: Self {
        var configuration = Self()
        configuration.sizeTimeout = .seconds(30)
        configuration.progressTimeout = .seconds(30)
        configuration.silenceTimeout = .seconds(30)
        return configuration
    }
}

/// A folder of a test's own.
struct TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "\(FileManager.default.temporaryDirectory.path)/fetch-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}

@Suite(.timeLimit(.minutes(1))) struct FetchBlobTests {
    @Test(arguments: [FaceURI.Scheme.unix, .udp, .tcp], [0, 1, 7777, 7778, 3_000_000])
    func fetchesABlob(scheme: FaceURI.Scheme, size: Int) async throws {
        let blob = TestBlob("blob", size: size)
        try await FetchFixture.run(scheme, handler: { _, segment in blob.answer(segment) }) { fixture in
            let reader = try await fixture.fetcher.open(blob.name)
            #expect(reader.size == UInt64(size))
            let octets = try await FetchFixture.drain(reader)
            #expect(octets == blob.octets)
            #expect(reader.statistics.segments == blob.final + 1)
            #expect(reader.statistics.octets == UInt64(size))
            let end = try await reader.next()
            #expect(end == nil)
        }
    }

    @Test func chunksAreWholeSlabs() async throws {
        let blob = TestBlob("blob", size: 7777 * 640)
        try await FetchFixture.run(handler: { _, segment in blob.answer(segment) }) { fixture in
            let reader = try await fixture.fetcher.open(blob.name)
            var octets = 0
            var chunks = 0
            while let chunk = try await reader.next() {
                octets += chunk.readableBytes
                chunks += 1
            }
            #expect(octets == 7777 * 640)
            #expect(chunks >= 10 && chunks < 320, "64 segments a chunk, fewer where the machine stalls: \(chunks)")
        }
    }

    @Test func severalBlobsAtOnce() async throws {
        let blobs = (0..<6).map { TestBlob("blob\($0)", size: 400_000 + $0 * 7777, seed: UInt64($0)) }
        try await FetchFixture.run(
            .udp, handler: { name, segment in blobs.first { $0.name == name }?.answer(segment) ?? .silence }
        ) { fixture in
            try await withThrowingTaskGroup { group in
                for blob in blobs {
                    group.addTask {
                        let octets = try await fixture.read(blob.name)
                        #expect(octets == blob.octets)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func lossOnUDPIsRepaired() async throws {
        let blob = TestBlob("blob", size: 4_000_000)
        try await FetchFixture.run(.udp, loss: 0.03, handler: { _, segment in blob.answer(segment) }) { fixture in
            let reader = try await fixture.fetcher.open(blob.name)
            let octets = try await FetchFixture.drain(reader)
            #expect(octets == blob.octets)
            #expect(reader.statistics.retransmissions > 10)
        }
    }

    @Test func twoRequestsShareOneFetch() async throws {
        let blob = TestBlob("blob", size: 2_000_000)
        try await FetchFixture.run(handler: { _, segment in blob.answer(segment) }) { fixture in
            async let first = fixture.read(blob.name)
            async let second = fixture.read(blob.name)
            let (one, two) = try await (first, second)
            #expect(one == blob.octets)
            #expect(two == blob.octets)
            #expect(fixture.producer.interests < Int(blob.final) * 3 / 2)
        }
    }

    @Test func slowReaderGoesOnAlone() async throws {
        let blob = TestBlob("blob", size: 12_000_000)
        var configuration = FetchConfiguration()
        configuration.memoryBudget = 2 << 20
        try await FetchFixture.run(configuration: configuration, handler: { _, segment in blob.answer(segment) }) {
            fixture in
            async let opening = fixture.fetcher.open(blob.name)
            async let fast = fixture.read(blob.name)
            let slow = try await opening
            // The fast one ends although the slow one has not read an octet.
            let octets = try await fast
            #expect(octets == blob.octets)
            #expect(slow.statistics.octets < 5_000_000)
            let rest = try await FetchFixture.drain(slow)
            #expect(rest == blob.octets)
        }
    }

    @Test func newBlobWaitsForTheMemoryOfAnotherThatIsNotRead() async throws {
        let blobs = ["one", "other"].map { TestBlob($0, size: 6_000_000) }
        var configuration = FetchConfiguration()
        configuration.memoryBudget = 4 << 20
        let handler: ScriptedProducer.Handler = { name, segment in
            (blobs.first { $0.name == name } ?? blobs[0]).answer(segment)
        }
        try await FetchFixture.run(configuration: configuration, handler: handler) { fixture in
            let first = try await fixture.fetcher.open(blobs[0].name)
            let (budget, slab) = ((4 << 20) / 7777, 16)
            let granted = budget - 7 * slab
            while fixture.producer.interests < granted { await Task.yield() }
            let second = try await fixture.fetcher.open(blobs[1].name)
            var others = try #require(try await second.next())
            // What is left of the budget and what has been read, not a whole share, which would be 45 segments more.
            #expect(fixture.producer.interests < budget + slab + 8)
            async let rest = FetchFixture.drain(second)
            let octets = try await FetchFixture.drain(first)
            #expect(octets == blobs[0].octets)
            others.writeImmutableBuffer(try await rest)
            #expect(others == blobs[1].octets)
        }
    }

    @Test func producerThatStopsStallsTheReader() async throws {
        let blob = TestBlob("blob", size: 2_000_000)
        var configuration = FetchConfiguration()
        configuration.progressTimeout = .seconds(3)
        try await FetchFixture.run(
            configuration: configuration,
            handler: { _, segment in
                guard let segment, segment < 100 || segment == blob.final else { return .silence }
                return blob.answer(segment)
            }
        ) { fixture in
            let reader = try await fixture.fetcher.open(blob.name)
            var octets = ByteBuffer()
            await #expect(throws: FetchError.stalled) {
                while let chunk = try await reader.next() { octets.writeImmutableBuffer(chunk) }
            }
            #expect(octets == blob.octets.getSlice(at: 0, length: 100 * 7777), "what arrived is delivered first")
        }
    }

    @Test func routerThatComesBack() async throws {
        let blob = TestBlob("blob", size: 1_000_000)
        let group = MultiThreadedEventLoopGroup.singleton
        try await FetchFixture.run(
            handler: { _, segment in segment == 60 ? .silence : blob.answer(segment) }
        ) { fixture in
            let reader = try await fixture.fetcher.open(blob.name)
            async let octets = FetchFixture.drain(reader)
            while fixture.producer.interests <= Int(blob.final) { await Task.yield() }
            try await fixture.producer.close()
            let other = ScriptedProducer(loop: group.next()) { _, segment in blob.answer(segment) }
            _ = try await other.listen(at: fixture.uri)
            let all = try await octets
            #expect(all == blob.octets)
            try await other.close()
        }
    }
}
