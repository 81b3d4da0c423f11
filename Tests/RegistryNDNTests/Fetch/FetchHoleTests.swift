import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Segments that the path gives only faulty, by a clock of the test's own.
@Suite struct FetchHoleTests {
    /// Answers what is asked for, until that is nothing any more: some segments always in a wrong length.
    ///
    /// - Parameter isFilled: whether the owner fills holes.
    /// - Returns: the holes in the order in which the owner was told.
    private func drive(
        _ script: FetchScript, final: UInt64, capacity: Int = 64, isFilled: Bool, isFaulty: (UInt64) -> Bool
    ) -> [Range<UInt64>] {
        var holes: [Range<UInt64>] = []
        for _ in 0..<1000 where !script.fetch.isOver {
            for interest in script.sent() {
                _ = script.data(
                    interest.segment, length: isFaulty(interest.segment) ? 101 : 100, final: final, capacity: capacity)
            }
            while let run = script.fetch.nextHoles() {
                holes.append(run)
                for segment in run where isFilled && script.fetch.failure == nil {
                    #expect(script.fetch.fill(segment, length: 100, &script.path, now: script.now))
                }
            }
            script.wait(.milliseconds(12))
        }
        return holes
    }

    private func script(final: UInt64) -> FetchScript {
        let script = FetchScript()
        script.fetch.canRepair = true
        script.fetch.raiseLimit(to: .max)
        return script
    }

    @Test func whatStaysFaultyIsAHoleForTheOwner() {
        for (segment, length, final) in FetchSegmentTests.faults {
            let script = FetchScript.running()
            script.fetch.canRepair = true
            _ = script.data(segment, length: length, final: final)
            script.wait(.milliseconds(12))
            #expect(script.fetch.nextHoles() == nil, "it was asked for only once")
            _ = script.sent()
            _ = script.data(segment, length: length, final: final)
            #expect(script.fetch.failure == nil)
            #expect(script.fetch.nextHoles() == segment..<segment + 1)
            #expect(script.fetch.nextHoles() == nil)
            for other in UInt64(1)...9 where other != segment { #expect(script.data(other, length: 100)) }
            #expect(!script.fetch.isComplete)
            #expect(!script.data(segment, length: 100), "it is no longer asked for")
            #expect(script.fetch.fill(segment, length: 100, &script.path, now: script.now))
            #expect(script.fetch.isComplete)
            #expect(script.fetch.size == 1000)
            #expect(script.fetch.statistics.repaired == 1)
            #expect(script.path.inFlight == 0)
        }
    }

    @Test func whatIsRightTheSecondTimeIsNoHole() {
        let script = script(final: 9)
        var seen: Set<UInt64> = []
        let holes = drive(script, final: 9, isFilled: false) { $0 > 0 && seen.insert($0).inserted }
        #expect(holes.isEmpty)
        #expect(script.fetch.isComplete)
        #expect(script.fetch.statistics.faults == 9)
    }

    @Test(arguments: [1, 99, 101])
    func aHoleIsFilledWithWhatFits(length: Int) {
        let script = script(final: 9)
        _ = script.sent()
        _ = script.data(0)
        for _ in 0..<2 {
            _ = script.sent()
            _ = script.data(3, length: 1)
            script.wait(.milliseconds(12))
        }
        #expect(!script.fetch.fill(4, length: 100, &script.path, now: script.now), "it is none")
        #expect(script.fetch.failure == nil)
        #expect(!script.fetch.fill(3, length: length, &script.path, now: script.now))
        #expect(script.fetch.failure == .malformed("segment 3 from elsewhere has \(length) octets"))
    }

    @Test func neighboursAreToldTogether() {
        let script = script(final: 40)
        _ = script.sent()
        _ = script.data(0, final: 40)
        for round in 0..<2 {
            _ = script.sent()
            // In whatever order they arrive.
            for segment: UInt64 in [5, 7, 3, 4, 8] { _ = script.data(segment, length: 1, final: 40) }
            if round == 0 { script.wait(.milliseconds(12)) }
        }
        #expect(script.fetch.nextHoles() == 3..<6)
        #expect(script.fetch.nextHoles() == 7..<9)
        #expect(script.fetch.nextHoles() == nil)
    }

    @Test func tooManyAtOnceEndTheFetch() {
        let script = script(final: 200)
        let holes = drive(script, final: 200, capacity: 256, isFilled: false) { $0 > 10 && $0 % 2 == 1 }
        guard case .malformed = script.fetch.failure else {
            Issue.record("\(String(describing: script.fetch.failure))")
            return
        }
        #expect(holes.count == Holes.maximumOpen)
    }

    @Test func tooManyInAllEndTheFetch() {
        let script = script(final: 1000)
        let holes = drive(script, final: 1000, isFilled: true) { $0 % 4 == 1 }
        guard case .malformed = script.fetch.failure else {
            Issue.record("\(String(describing: script.fetch.failure))")
            return
        }
        #expect((65...80).contains(holes.count), "one more for each 32 that came right")
    }

    @Test func aFewInEachPartOfALargeBlobDoNotEndIt() {
        let script = script(final: 10_000)
        let holes = drive(script, final: 10_000, isFilled: true) { $0 % 50 == 1 }
        #expect(script.fetch.isComplete)
        #expect(holes.count == 200)
    }

    @Test func whatDoesNotComePastTheCachesIsAHole() {
        let script = script(final: 9)
        _ = script.sent()
        _ = script.data(0)
        _ = script.sent()
        for segment in UInt64(1)...9 { _ = script.data(segment, length: segment == 3 ? 1 : 100) }
        var again: [SegmentInterest] = []
        var hole: Range<UInt64>?
        for _ in 0..<400 where hole == nil {
            script.wait(.milliseconds(12))
            again += script.sent()
            hole = script.fetch.nextHoles()
        }
        #expect(hole == 3..<4)
        #expect(again.map(\.segment) == [3, 3, 3], "one may have been lost")
        #expect(again.allSatisfy { $0.mustBeFresh })
        #expect(script.fetch.failure == nil)
    }

    @Test func withoutItsOctetsTheFaultEndsTheFetch() {
        let script = script(final: 9)
        let holes = drive(script, final: 9, isFilled: false) { segment in
            if segment == 3, script.fetch.statistics.faults > 0 { script.fetch.leaveHoles() }
            return segment == 3
        }
        #expect(holes.isEmpty)
        #expect(script.fetch.failure == .malformed("segment 3 has 101 octets, the first 100"))
    }

    @Test func aHoleThatStaysEndsTheFetchInTime() {
        let script = script(final: 9)
        let holes = drive(script, final: 9, isFilled: false) { $0 == 3 }
        #expect(holes == [3..<4])
        #expect(script.fetch.failure == .stalled)
    }

    @Test func aFirstSegmentOfAStrangeTypeIsAskedForAgain() {
        let script = script(final: 9)
        _ = script.sent()
        #expect(!script.data(0, type: 77))
        script.wait(.milliseconds(12))
        #expect(script.sent().map(\.mustBeFresh) == [true])
        #expect(script.data(0))
        #expect(script.sent().allSatisfy { !$0.mustBeFresh })

        let other = self.script(final: 9)
        for _ in 0..<2 {
            _ = other.sent()
            _ = other.data(0, type: 77)
            other.wait(.milliseconds(12))
        }
        #expect(other.fetch.failure == .malformed("ContentType 77"))
        #expect(other.fetch.nextHoles() == nil, "nothing is known of its place in the blob")
    }

    @Test func theFinalSegmentFitsASizeThatIsKnown() throws {
        let geometry = try BlobGeometry(chunk: 100, final: 9)
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let script = FetchScript()
        script.fetch = SegmentFetch(
            configuration: FetchConfiguration(), geometry: geometry, size: 942, start: 8, capacity: 8,
            deadline: now + .seconds(60), now: now)
        script.fetch.raiseLimit(to: 100)
        #expect(Set(script.segments()) == [8, 9])
        #expect(!script.data(9, length: 41))
        #expect(!script.data(9, length: 43))
        #expect(script.data(9, length: 42))
        #expect(script.data(8, length: 100))
        #expect(script.fetch.isComplete)
    }
}
