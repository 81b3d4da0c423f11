import NDN
import NIOCore
import RegistryNDN
import Testing

@Suite("Fetch: memory for those who begin", .timeLimit(.minutes(1))) struct FetchAdmissionTests {
    private static func configuration(_ timeout: TimeAmount) -> FetchConfiguration {
        var configuration = FetchConfiguration.patient
        configuration.memoryBudget = 1 << 20
        configuration.admissionTimeout = timeout
        return configuration
    }

    /// Readers who take a first chunk of a range each, and do not come back.
    private static func stuck(_ count: Int, _ fixture: FetchFixture, _ blob: TestBlob) async throws -> [BlobReader] {
        var readers: [BlobReader] = []
        for number in 0..<count {
            let first = UInt64(number) * 100_000
            let reader = try await fixture.fetcher.open(blob.name, range: .from(first, through: first + 99_999))
            _ = try await reader.next()
            readers.append(reader)
        }
        return readers
    }

    @Test("Readers who take octets and do not come back use the memory up: the next one is refused")
    func refuses() async throws {
        let blob = TestBlob("blob", size: 2_000_000)
        try await FetchFixture.run(
            configuration: Self.configuration(.milliseconds(200)), handler: { _, segment in blob.answer(segment) }
        ) { fixture in
            let readers = try await Self.stuck(2, fixture, blob)
            await #expect(throws: FetchError.busy) {
                _ = try await fixture.fetcher.open(blob.name, range: .from(1_000_000))
            }
            #expect(readers.count == 2)
        }
    }

    @Test("Who waits for memory is let in when one of them is done")
    func letsIn() async throws {
        let blob = TestBlob("blob", size: 2_000_000)
        try await FetchFixture.run(
            configuration: Self.configuration(.seconds(30)), handler: { _, segment in blob.answer(segment) }
        ) { fixture in
            let readers = try await Self.stuck(2, fixture, blob)
            async let waiting = fixture.fetcher.open(blob.name, range: .from(1_000_000))
            for reader in readers { reader.cancel() }
            let octets = try await FetchFixture.drain(try await waiting)
            #expect(octets.readableBytes == 1_000_000)
        }
    }
}
