import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN
import Testing

@Suite(.timeLimit(.minutes(1))) struct FetchBlobFailureTests {
    private static let name = Name([.generic("test"), .generic("blob")])

    private func expectFailure(
        _ error: FetchError, configuration: FetchConfiguration = .init(), handler: @escaping ScriptedProducer.Handler
    ) async throws {
        try await FetchFixture.run(configuration: configuration, handler: handler) { fixture in
            await #expect(throws: error) { try await fixture.fetcher.open(Self.name) }
        }
    }

    @Test func unknownBlobByMetadata() async throws {
        try await expectFailure(.notFound) { _, segment in
            segment == nil ? .data(ByteBuffer(), final: nil, type: ContentType.nack) : .silence
        }
    }

    @Test func unknownBlobByApplicationNack() async throws {
        try await expectFailure(.notFound) { _, segment in
            segment == nil ? .silence : .data(ByteBuffer(), final: nil, type: ContentType.nack)
        }
    }

    @Test func noRoute() async throws {
        try await expectFailure(.noRoute) { _, _ in .nack(.noRoute) }
    }

    @Test func silence() async throws {
        var configuration = FetchConfiguration()
        configuration.sizeTimeout = .milliseconds(200)
        try await expectFailure(.noSize, configuration: configuration) { _, _ in .silence }
    }

    /// Octets that came before a blob's size was known are nobody's when it does not become known, and hold no memory.
    @Test func whatNobodyBeganToReadIsForgotten() async throws {
        var configuration = FetchConfiguration()
        configuration.sizeTimeout = .milliseconds(100)
        configuration.memoryBudget = 1 << 20
        configuration.admissionTimeout = .milliseconds(500)
        try await FetchFixture.run(
            configuration: configuration,
            handler: { _, segment in
                guard let segment, segment != 9 else { return .silence }
                return .data(ByteBuffer(repeating: 1, count: 100), final: 9)
            }
        ) { fixture in
            // There is room for four at a time.
            for number in 0..<6 {
                let name = Name([.generic("test"), .generic("\(number)")])
                await #expect(throws: FetchError.noSize) { try await fixture.fetcher.open(name) }
            }
        }
    }

    @Test func emptyFirstSegmentOfMany() async throws {
        try await expectFailure(.malformed("segment 0 is empty, but 3 is the last")) { _, segment in
            segment == nil ? .silence : .data(ByteBuffer(), final: 3)
        }
    }

    @Test func lastSegmentLongerThanTheFirst() async throws {
        try await expectFailure(.malformed("the last segment has 101 octets, the first 100")) { _, segment in
            guard let segment else { return .silence }
            return .data(ByteBuffer(repeating: 1, count: segment == 9 ? 101 : 100), final: 9)
        }
    }

    @Test func finalBlockThatMoves() async throws {
        try await expectFailure(.malformed("FinalBlockId moved from 9 to 10")) { _, segment in
            guard let segment else { return .silence }
            return .data(ByteBuffer(repeating: 1, count: 100), final: segment == 0 ? 9 : 10)
        }
    }

    @Test func middleSegmentOfAnotherSize() async throws {
        let handler: ScriptedProducer.Handler = { _, segment in
            guard let segment else { return .silence }
            return .data(ByteBuffer(repeating: 1, count: segment == 5 ? 99 : 100), final: 9)
        }
        try await FetchFixture.run(handler: handler) { fixture in
            await #expect(throws: FetchError.malformed("segment 5 has 99 octets, the first 100")) {
                try await fixture.read(Self.name)
            }
        }
    }

    @Test func cancelledReaderStopsTheFetch() async throws {
        let blob = TestBlob("blob", size: 8_000_000)
        var configuration = FetchConfiguration()
        configuration.memoryBudget = 1 << 20
        try await FetchFixture.run(configuration: configuration, handler: { _, segment in blob.answer(segment) }) {
            fixture in
            let reader = try await fixture.fetcher.open(blob.name)
            _ = try await reader.next()
            reader.cancel()
            await #expect(throws: FetchError.cancelled) { try await reader.next() }
            // A second blob shows that the first no longer takes part: all its Interests are for itself.
            let before = fixture.producer.interests
            let small = try await fixture.fetcher.open(blob.name.appending(.generic("other")))
            #expect(small.size == blob.octets.readableBytes)
            small.cancel()
            #expect(fixture.producer.interests < before + 600)
        }
    }

    @Test func cancelledTaskCancelsItsReader() async throws {
        try await FetchFixture.run(handler: { _, _ in .silence }) { fixture in
            let task = Task { try await fixture.fetcher.open(Self.name) }
            while fixture.producer.interests == 0 { await Task.yield() }
            task.cancel()
            await #expect(throws: FetchError.cancelled) { try await task.value }
        }
    }

    @Test func shutdownEndsReaders() async throws {
        let blob = TestBlob("blob", size: 1_000_000)
        try await FetchFixture.run(
            handler: { _, segment in segment == 1 ? .silence : blob.answer(segment) }
        ) { fixture in
            let reader = try await fixture.fetcher.open(blob.name)
            let reading = Task { while try await reader.next() != nil {} }
            await fixture.fetcher.shutdown()
            await #expect(throws: FetchError.cancelled) { try await reading.value }
            await #expect(throws: FetchError.cancelled) { try await fixture.fetcher.open(blob.name) }
        }
    }

    @Test func connectionThatCannotBeMade() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        await #expect(throws: FaceError.self) {
            try await BlobFetcher.connect(
                router: FaceURI(path: folder.path + "/s"), group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test"))
        }
    }

    @Test("The last Interest of a segment is used up: the blob fails then, though nothing else happens")
    func exhausted() async throws {
        let blob = TestBlob("blob", size: 100_000)
        var configuration = FetchConfiguration.patient
        (configuration.retransmissions, configuration.progressTimeout) = (1, .hours(1))
        configuration.timeout = .hours(1)
        configuration.sizeTimeout = .hours(1)
        for (silent, error) in [(0, FetchError.noSize), (5, .stalled)] {
            try await FetchFixture.run(
                configuration: configuration,
                handler: { _, segment in segment == UInt64(silent) ? .silence : blob.answer(segment) }
            ) { fixture in
                await #expect(throws: error) { try await fixture.read(blob.name) }
            }
        }
    }

    @Test func probing() async throws {
        try await FetchFixture.run(
            handler: { _, segment in segment == 0 ? .data(ByteBuffer(string: "x"), final: 0) : .nack(.noRoute) }
        ) { fixture in
            #expect(await fixture.fetcher.probe(Self.name.appending(.segment(0))))
            #expect(await fixture.fetcher.probe(Self.name.appending(.segment(1))) == false)
        }
    }
}
