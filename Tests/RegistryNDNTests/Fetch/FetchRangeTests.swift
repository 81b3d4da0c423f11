import NDN
import NIOCore
import RegistryNDN
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct FetchRangeTests {
    private static let chunk = 7777

    @Test(
        arguments: [
            (.whole, 100, 0..<100), (.from(10), 100, 10..<100), (.from(10, through: 19), 100, 10..<20),
            (.from(10, through: 500), 100, 10..<100), (.from(100), 100, 100..<100), (.from(99), 100, 99..<100),
            (.from(.max, through: .max), 100, 100..<100), (.from(5, through: 4), 100, 5..<5),
            (.from(0, through: .max), 100, 0..<100), (.last(10), 100, 90..<100), (.last(100), 100, 0..<100),
            (.last(.max), 100, 0..<100), (.last(0), 100, 100..<100), (.from(0), 0, 0..<0), (.last(1), 0, 0..<0),
        ] as [(BlobRange, UInt64, Range<UInt64>)])
    func resolves(range: BlobRange, size: UInt64, octets: Range<UInt64>) {
        #expect(range.parts(of: size) == BlobParts([octets]))
    }

    /// Every kind of begin and end, in blobs of one, two and many segments.
    @Test(arguments: [1, 7777, 7778, 15_554, 100_000])
    func givesTheOctetsAskedFor(size: Int) async throws {
        let blob = TestBlob("blob", size: size)
        try await FetchFixture.run(.unix, handler: { _, segment in blob.answer(segment) }) { fixture in
            let edges = Set(
                [0, 1, 7776, 7777, 7778, 15_553, size / 2, size - 2, size - 1].filter { (0..<size).contains($0) })
            for first in edges {
                for last in edges where last >= first {
                    let range = BlobRange.from(UInt64(first), through: UInt64(last))
                    let reader = try await fixture.fetcher.open(blob.name, range: range)
                    #expect(reader.size == UInt64(size))
                    #expect(reader.parts == BlobParts([UInt64(first)..<UInt64(last + 1)]))
                    let octets = try await FetchFixture.drain(reader)
                    #expect(octets == blob.octets.getSlice(at: first, length: last + 1 - first))
                }
            }
        }
    }

    @Test func anEmptyRangeTellsTheSize() async throws {
        let blob = TestBlob("blob", size: 20_000)
        let empty = TestBlob("empty", size: 0)
        try await FetchFixture.run(
            .unix, handler: { name, segment in (name == empty.name ? empty : blob).answer(segment) }
        ) { fixture in
            for (name, size) in [(blob.name, UInt64(20_000)), (empty.name, 0)] {
                let reader = try await fixture.fetcher.open(name, range: .from(20_000))
                #expect(reader.size == size)
                #expect(reader.parts.isEmpty)
                #expect(try await reader.next() == nil)
            }
        }
    }

    /// A range costs the segments that cover it, and, the first time, the two that tell the blob's size.
    @Test func asksForNoOtherSegments() async throws {
        let blob = TestBlob("blob", size: 1000 * Self.chunk)
        try await FetchFixture.run(.unix, handler: { _, segment in blob.answer(segment) }) { fixture in
            let first = try await fixture.fetcher.open(
                blob.name, range: .from(UInt64(500 * Self.chunk), through: UInt64(510 * Self.chunk - 1)))
            _ = try await FetchFixture.drain(first)
            #expect(first.statistics.segments == 2 + 10)
            let second = try await fixture.fetcher.open(
                blob.name, range: .from(UInt64(20 * Self.chunk - 1), through: UInt64(30 * Self.chunk)))
            _ = try await FetchFixture.drain(second)
            #expect(second.statistics.segments == 12)
            let again = first.statistics.retransmissions + second.statistics.retransmissions
            // One sent again may still be on its way.
            #expect(UInt64(fixture.producer.interests) <= 12 + 12 + again)
        }
    }

    /// What told the size is not asked for again.
    @Test func usesTheSegmentsThatToldTheSize() async throws {
        let blob = TestBlob("blob", size: 10 * Self.chunk + 5)
        for range in [BlobRange.from(0, through: 99), .last(5), .from(1)] {
            try await FetchFixture.run(.unix, handler: { _, segment in blob.answer(segment) }) { fixture in
                let reader = try await fixture.fetcher.open(blob.name, range: range)
                let octets = try await FetchFixture.drain(reader)
                let wanted = try #require(range.parts(of: UInt64(10 * Self.chunk + 5)).hull)
                #expect(octets == blob.octets.getSlice(at: Int(wanted.lowerBound), length: wanted.count))
                let asked = UInt64(fixture.producer.interests) - reader.statistics.retransmissions
                #expect(asked == (range == .from(1) ? 11 : 2))
            }
        }
    }

    @Test func parallelRangesTogetherCostTheBlobOnce() async throws {
        let blob = TestBlob("blob", size: 800 * Self.chunk)
        try await FetchFixture.run(.unix, handler: { _, segment in blob.answer(segment) }) { fixture in
            let part = UInt64(100 * Self.chunk)
            let parts = try await withThrowingTaskGroup(of: (UInt64, ByteBuffer, UInt64).self) { group in
                for index in 0..<UInt64(8) {
                    group.addTask {
                        let reader = try await fixture.fetcher.open(
                            blob.name, range: .from(index * part, through: (index + 1) * part - 1))
                        let octets = try await FetchFixture.drain(reader)
                        return (index, octets, reader.statistics.retransmissions)
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = ($1.1, $1.2) }
            }
            var octets = ByteBuffer()
            for index in 0..<UInt64(8) { octets.writeImmutableBuffer(parts[index]?.0 ?? ByteBuffer()) }
            #expect(octets == blob.octets)
            // On a busy machine some are late, and asked for again.
            let again = parts.values.reduce(0) { $0 + $1.1 }
            #expect(UInt64(fixture.producer.interests) < 820 + again)
        }
    }

    /// Ranges within a range that is being read, and a range of a blob that is being read whole.
    @Test func joinsAFetchThatBringsTheRange() async throws {
        let blob = TestBlob("blob", size: 400 * Self.chunk)
        // The blob must not be over before the ranges are opened: of its segments only those that tell the size come.
        let isOpen = Mutex(false)
        let handler: ScriptedProducer.Handler = { _, segment in
            segment == 0 || segment == blob.final || isOpen.withLock { $0 } ? blob.answer(segment) : .silence
        }
        try await FetchFixture.run(.unix, handler: handler) { fixture in
            let whole = try await fixture.fetcher.open(blob.name)
            let first = try await fixture.fetcher.open(blob.name, range: .from(100, through: 50_000))
            let second = try await fixture.fetcher.open(blob.name, range: .from(7777, through: 9_000))
            isOpen.withLock { $0 = true }
            #expect(try await FetchFixture.drain(second) == blob.octets.getSlice(at: 7777, length: 9_001 - 7777))
            #expect(try await FetchFixture.drain(first) == blob.octets.getSlice(at: 100, length: 49_901))
            #expect(try await FetchFixture.drain(whole) == blob.octets)
            // Those that came while the gate was shut were sent again.
            #expect(UInt64(fixture.producer.interests) - whole.statistics.retransmissions == 400)
        }
    }

    /// A reader that stalls while another goes on is left behind, and ends where its range does.
    @Test func aSlowReaderOfARangeEndsWhereItsRangeDoes() async throws {
        let blob = TestBlob("blob", size: 3_000_000)
        var configuration = FetchConfiguration()
        configuration.memoryBudget = 1 << 20
        try await FetchFixture.run(
            .unix, configuration: configuration, handler: { _, segment in blob.answer(segment) }
        ) { fixture in
            let slow = try await fixture.fetcher.open(blob.name, range: .from(1000, through: 2_499_999))
            let fast = try await fixture.fetcher.open(blob.name, range: .from(1000, through: 2_499_999))
            let wanted = blob.octets.getSlice(at: 1000, length: 2_499_000)
            #expect(try await FetchFixture.drain(fast) == wanted)
            #expect(try await FetchFixture.drain(slow) == wanted)
        }
    }

    @Test func waitsForSizeAndFailsLikeAWholeBlob() async throws {
        var configuration = FetchConfiguration()
        configuration.sizeTimeout = .milliseconds(50)
        try await FetchFixture.run(.unix, configuration: configuration, handler: { _, _ in .silence }) { fixture in
            await #expect(throws: FetchError.noSize) {
                try await fixture.fetcher.open(TestBlob("blob", size: 1).name, range: .from(1))
            }
        }
        let unknown: ScriptedProducer.Handler = { _, segment in
            segment == nil ? .data(ByteBuffer(), final: nil, type: ContentType.nack) : .silence
        }
        try await FetchFixture.run(.unix, handler: unknown) { fixture in
            await #expect(throws: FetchError.notFound) {
                try await fixture.fetcher.open(TestBlob("blob", size: 1).name, range: .last(1))
            }
        }
    }
}
