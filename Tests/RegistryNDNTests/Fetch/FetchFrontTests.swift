import DequeModule
import NIOCore
import Testing

@testable import NDN

/// Several fetches of one blob at the same time.
@Suite struct FetchFrontTests {
    /// A line that brings one segment a millisecond, 32 milliseconds after it was asked for.
    private struct Line {
        private static let final: UInt64 = 99_999
        private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        private var scheduler = FetchScheduler(
            path: FetchPath(initialWindow: 32, maximumWindow: 32, algorithm: .aimd, isLocal: true))
        private var asked: Deque<(transfer: BlobTransfer, segment: UInt64)> = []
        private(set) var now = 0
        private var transfers: [BlobTransfer] = []
        /// Segments that came, by number of the transfer.
        private(set) var came: [Int: Int] = [:]

        private var time: NIODeadline { Self.start + .milliseconds(Int64(now)) }

        /// - Parameter held: nothing from here on is asked for.
        mutating func add(
            _ segments: Range<UInt64>, beside other: Int? = nil, held: UInt64 = .max
        ) throws -> Int {
            var fetch = SegmentFetch(
                configuration: FetchConfiguration(), geometry: try BlobGeometry(chunk: 100, final: Self.final),
                size: (Self.final + 1) * 100, start: segments.lowerBound, stop: segments.upperBound, capacity: 1024,
                deadline: .distantFuture, now: time)
            fetch.raiseLimit(to: held)
            let transfer = BlobTransfer(Name(), fetch)
            scheduler.add(transfer, beside: other.map { transfers[$0] })
            transfers.append(transfer)
            came[transfer.id] = 0
            return transfer.id
        }

        mutating func run(_ milliseconds: Int) {
            for _ in 0..<milliseconds {
                while let (transfer, interest) = scheduler.nextInterest(now: time) {
                    asked.append((transfer, interest.segment))
                }
                now += 1
                guard let (transfer, segment) = asked.popFirst() else { continue }
                let data = SegmentData(segment: segment, length: 100, final: Self.final)
                if scheduler.receive(data, for: transfer, now: time, capacity: { _ in 1024 }) {
                    came[transfer.id, default: 0] += 1
                }
                scheduler.advance(now: time)
            }
        }

        /// When a fetch had so many segments.
        mutating func run(until count: Int, of id: Int) -> Int {
            while came[id, default: 0] < count, now < 10_000 { run(1) }
            return now
        }
    }

    /// As containerd reads from release 2.1 on. Were they to end together, nothing would be on its way when the next ones begin.
    @Test func rangesEndOneAfterAnotherAndNobodyStands() throws {
        var line = Line()
        let first = try line.add(0..<400)
        let ids = try [first] + (1..<4).map { try line.add(UInt64($0) * 400..<UInt64($0 + 1) * 400, beside: first) }
        var ends = [line.run(until: 400, of: first)]
        // Half of an equal share at the least.
        for id in ids.dropFirst() { #expect(line.came[id]! >= ends[0] / 8 - 8 && line.came[id]! < 200) }
        for id in ids.dropFirst() { ends.append(line.run(until: 400, of: id)) }
        for (end, next) in zip(ends, ends.dropFirst()) { #expect(next - end > 100, "\(ends)") }
        #expect(ends[3] <= 1_610, "\(ends)")
    }

    /// Where their readers are expected to hang up is no end of theirs: the one that begins first comes first, until it is there.
    @Test func openRangesComeInTheOrderOfTheirBegins() throws {
        var line = Line()
        let second = try line.add(500..<100_000, held: 900)
        let first = try line.add(100..<100_000, beside: second, held: 500)
        let third = try line.add(900..<100_000, beside: second, held: 1_300)
        // The final segment is asked for by each of them.
        let ends = [first, second, third].map { line.run(until: 401, of: $0) }
        #expect(ends[1] - ends[0] > 150 && ends[2] - ends[1] > 150, "\(ends)")
    }

    @Test func aShortRangeComesBeforeTheWholeBlob() throws {
        var line = Line()
        let whole = try line.add(0..<UInt64.max)
        line.run(100)
        let range = try line.add(10_000..<10_300, beside: whole)
        // Three quarters of the line, and the way there and back.
        #expect(line.run(until: 300, of: range) < 100 + 400 + 64)
    }

    @Test func whoReadsAnotherBlobHasTheSameShare() throws {
        var line = Line()
        let first = try line.add(0..<1_000)
        _ = try line.add(1_000..<2_000, beside: first)
        _ = try line.add(2_000..<3_000, beside: first)
        let other = try line.add(0..<1_000)
        line.run(800)
        #expect(abs(line.came[other]! - 200) < 20, "\(line.came)")
        #expect(line.came[first]! > 350, "\(line.came)")
    }
}
