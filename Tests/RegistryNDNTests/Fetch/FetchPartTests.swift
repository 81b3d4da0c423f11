import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Several parts of a blob in one go.
@Suite(.timeLimit(.minutes(1))) struct FetchPartTests {
    private static let chunk = 7777

    @Test func aPartOfThePartsIsAsLongAsSaid() {
        let parts = BlobParts([10..<20, 20..<20, 20..<25, 90..<100])
        #expect(parts.ranges == [10..<20, 20..<25, 90..<100] && parts.count == 25 && parts.hull == 10..<100)
        #expect(
            parts.prefix(12) == BlobParts([10..<20, 20..<22]) && parts.dropFirst(12) == BlobParts([22..<25, 90..<100]))
        #expect(parts.prefix(0).isEmpty && parts.dropFirst(25).isEmpty && parts.prefix(.max) == parts)
        #expect(BlobParts([]).hull == nil && BlobParts([]).count == 0)
        #expect(BlobParts([0..<UInt64.max]).count == .max)
    }

    @Test(
        arguments: [
            ([0..<1], [0..<1]), ([], []),
            // What lies between costs less than a request.
            ([0..<10, 500..<510, 2_000..<2_010], [0..<510, 2_000..<2_010]),
            // A tenth of what is wanted may be read for nothing, where that saves most requests.
            ([0..<10_000, 13_000..<23_000, 24_000..<34_000], [0..<10_000, 13_000..<34_000]),
            ([0..<10_000, 12_000..<100_000], [0..<100_000]),
        ] as [([Range<UInt64>], [Range<UInt64>])])
    func neighboursAreAskedForTogether(parts: [Range<UInt64>], spans: [Range<UInt64>]) {
        #expect(BlobParts(parts).spans() == spans)
    }

    @Test func whatMayNotExistSavesNoRequest() {
        let parts = BlobParts([0..<10, 100_000..<UInt64.max])
        #expect(parts.spans(isSizeKnown: false) == parts.ranges)
        #expect(BlobParts([0..<10, 500..<UInt64.max]).spans(isSizeKnown: false) == [0..<UInt64.max])
    }

    /// Random parts of blobs of random sizes, told by a seed.
    private static func parts(of size: UInt64, _ random: inout some RandomNumberGenerator) -> BlobParts {
        var edges = Set<UInt64>()
        for _ in 0..<UInt64.random(in: 1...12, using: &random) * 2 {
            edges.insert(.random(in: 0...size, using: &random))
        }
        let sorted = edges.sorted()
        return BlobParts(stride(from: 0, to: sorted.count - 1, by: 2).map { sorted[$0]..<sorted[$0 + 1] })
    }

    @Test func ranksLeaveNothingOutAndNothingBetween() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let size = UInt64.random(in: 2...3_000, using: &random)
            let geometry = try BlobGeometry(chunk: 77, final: (size - 1) / 77)
            let shape = BlobShape(geometry: geometry, size: size)
            let parts = Self.parts(of: size, &random)
            let covering = Set(parts.ranges.flatMap { Array(shape.segments(covering: $0)) }).sorted()
            guard let runs = SegmentRuns(covering: parts, of: shape) else {
                #expect(covering.isEmpty || covering.last! - covering.first! == UInt64(covering.count - 1))
                continue
            }
            #expect(runs.excerpt.geometry.final == UInt64(covering.count - 1))
            for (rank, segment) in covering.enumerated() {
                #expect(runs.rank(of: segment) == UInt64(rank) && runs.segment(ofRank: UInt64(rank)) == segment)
            }
            for segment in 0...geometry.final where !covering.contains(segment) {
                #expect(runs.rank(of: segment) == nil)
            }
            // Octet by octet: the excerpt has those of the covering segments, and the parts are where they are said to be.
            let excerpt = covering.flatMap { Array($0 * 77..<min(($0 + 1) * 77, size)) }
            #expect(runs.excerpt.size == UInt64(excerpt.count))
            let octets = runs.parts(parts).ranges.flatMap { $0.map { excerpt[Int($0)] } }
            #expect(octets == parts.ranges.flatMap { Array($0) })
            let pieces = runs.pieces(1..<UInt64(covering.count))
            #expect(pieces.flatMap { Array($0) } == Array(1..<UInt64(covering.count)))
            for piece in pieces {
                let segments = piece.map { runs.segment(ofRank: $0) }
                #expect(segments.last! - segments.first! == UInt64(segments.count - 1))
            }
        }
    }

    @Test func theCutterGivesThePartsHoweverTheOctetsCome() {
        var random = SeededGenerator(seed: 2)
        let octets = ByteBuffer(bytes: (0..<2_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 3) })
        for _ in 0..<300 {
            let parts = Self.parts(of: 2_000, &random)
            var cutter = PartCutter(parts)
            var pieces: [(ByteBuffer, UInt64)] = []
            var offset = 0
            while offset < 2_000 {
                let length = min(Int.random(in: 1...400, using: &random), 2_000 - offset)
                let chunk = octets.getSlice(at: offset, length: length)!
                cutter.cut(chunk, at: UInt64(offset)) { pieces.append(($0, $1)) }
                // The same again changes nothing, and nothing is cut out behind a gap.
                cutter.cut(chunk, at: UInt64(offset)) { _, _ in Issue.record("twice") }
                offset += length
            }
            #expect(cutter.isComplete)
            var next = parts
            for (piece, begin) in pieces {
                #expect(begin == next.hull?.lowerBound && piece.readableBytes <= Int(next.ranges[0].length))
                #expect(piece == octets.getSlice(at: Int(begin), length: piece.readableBytes))
                next = next.dropFirst(UInt64(piece.readableBytes))
            }
            #expect(next.isEmpty)
        }
    }

    @Test func whatTheCutterTakesBackCanBeCutOutAgain() {
        var cutter = PartCutter(BlobParts([5..<10, 20..<30]))
        let octets = ByteBuffer(bytes: 0..<40)
        var begins: [UInt64] = []
        cutter.cut(octets, at: 0) { begins.append($1) }
        #expect(begins == [5, 20] && cutter.isComplete && cutter.end == 30)
        cutter.rewind(to: 25)
        cutter.cut(octets, at: 0) { begins.append($1) }
        cutter.rewind(to: 5)
        cutter.cut(octets, at: 0) { begins.append($1) }
        cutter.rewind(to: 40)
        #expect(begins == [5, 20, 25, 5, 20] && cutter.end == 30)
    }

    // MARK: Over a face

    private let blob = TestBlob("blob", size: 200 * 7777 + 5)

    /// The octets of parts, one after the other.
    private func octets(_ parts: BlobParts) -> ByteBuffer {
        parts.ranges.reduce(into: ByteBuffer()) { octets, range in
            octets.writeImmutableBuffer(blob.octets.getSlice(at: Int(range.lowerBound), length: range.count)!)
        }
    }

    private func wanted(_ parts: BlobParts) -> BlobRange {
        .several(parts.ranges.map { .from($0.lowerBound, through: $0.upperBound - 1) })
    }

    /// Parts that meet in a segment, that touch, with and without the first and the final segment, many at once.
    @Test(
        arguments: [
            [0..<10, 20..<30, 7_776..<7_778], [10..<20, 20..<30, 700_000..<800_000],
            [0..<7_777, 1_555_400..<1_555_405], [77_770..<85_547, 93_324..<101_101],
            [1_555_399..<1_555_400, 1_555_404..<1_555_405], (0..<1_024).map { $0 * 1_500..<$0 * 1_500 + 300 },
        ] as [[Range<UInt64>]])
    func eachSegmentOfThePartsIsAskedForOnce(ranges: [Range<UInt64>]) async throws {
        let parts = BlobParts(ranges)
        try await FetchFixture.run(handler: { [blob] _, segment in blob.answer(segment) }) { fixture in
            let reader = try await fixture.fetcher.open(blob.name, range: wanted(parts))
            #expect(reader.size == 1_555_405 && reader.parts == parts)
            var pieces: [ByteBuffer] = []
            while let piece = try await reader.next() { pieces.append(piece) }
            #expect(pieces.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) } == octets(parts))
            // No piece has octets of two parts: the ends of all parts are ends of pieces.
            var end: UInt64 = 0
            let ends = Set(
                pieces.map { piece -> UInt64 in
                    end += UInt64(piece.readableBytes)
                    return end
                })
            for index in ranges.indices { #expect(ends.contains(BlobParts(Array(ranges[...index])).count)) }
            let covering = Set(ranges.flatMap { $0.lowerBound / 7777...($0.upperBound - 1) / 7777 }.flatMap { [$0] })
            #expect(reader.statistics.segments == UInt64(covering.union([0, blob.final]).count))
            #expect(
                UInt64(fixture.producer.interests) - reader.statistics.retransmissions == reader.statistics.segments)
        }
    }

    @Test func manyPartsArriveOverALossyPathToo() async throws {
        let parts = BlobParts((0..<100).map { $0 * 15_000 + 100..<$0 * 15_000 + 9_000 })
        try await FetchFixture.run(.udp, loss: 0.05, handler: { [blob] _, segment in blob.answer(segment) }) {
            fixture in
            let reader = try await fixture.fetcher.open(blob.name, range: wanted(parts))
            #expect(try await FetchFixture.drain(reader) == octets(parts))
        }
    }

    @Test(arguments: TestBlob.Fault.allCases)
    func faultySegmentsOfPartsComeFromElsewhere(fault: TestBlob.Fault) async throws {
        let library = BlobLibrary(blob)
        let faulty: Set<UInt64> = [20, 21, 40, 60]
        // 21 and 40 are neighbours among the segments that are asked for, and not in the blob.
        let parts = BlobParts([100_000..<170_000, 40 * 7777..<41 * 7777, 60 * 7777..<80 * 7777])
        let handler: ScriptedProducer.Handler = { [blob] _, segment in
            segment.map(faulty.contains) == true ? blob.answer(segment, fault) : blob.answer(segment)
        }
        try await FetchFixture.run(handler: handler) { fixture in
            let reader = try await fixture.fetcher.open(blob.name, range: wanted(parts), repair: library.repair())
            #expect(try await FetchFixture.drain(reader) == octets(parts))
            #expect(library.segments(by: "somebody") == faulty.sorted())
            #expect(library.requests.allSatisfy { $0.sizes == 1_555_405...1_555_405 })
        }
    }

    @Test func partsBesideAFetchOfTheWholeLeaveItAlone() async throws {
        let parts = BlobParts([7_000..<8_000, 900_000..<901_000])
        try await FetchFixture.run(handler: { [blob] _, segment in blob.answer(segment) }) { fixture in
            async let whole = FetchFixture.drain(fixture.fetcher.open(blob.name))
            async let some = FetchFixture.drain(fixture.fetcher.open(blob.name, range: wanted(parts)))
            let again = try await FetchFixture.drain(fixture.fetcher.open(blob.name, range: wanted(parts)))
            #expect(again == octets(parts))
            #expect(try await some == octets(parts))
            #expect(try await whole == blob.octets)
        }
    }

    @Test func partsBeyondTheEndAreLeftOut() async throws {
        try await FetchFixture.run(handler: { [blob] _, segment in blob.answer(segment) }) { fixture in
            let some = try await fixture.fetcher.open(
                blob.name, range: .several([.from(5, through: 9), .from(1_555_400, through: .max), .from(1_555_405)]))
            #expect(some.parts == BlobParts([5..<10, 1_555_400..<1_555_405]))
            #expect(try await FetchFixture.drain(some) == octets(some.parts))
            let none = try await fixture.fetcher.open(
                blob.name, range: .several([.from(1_555_405, through: 1_555_406), .from(9_999_999)]))
            #expect(none.parts.isEmpty && none.size == 1_555_405)
            #expect(try await none.next() == nil)
        }
    }
}
