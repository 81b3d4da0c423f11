import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct FetchSegmentTests {
    @Test func sizeIsKnownAfterFirstAndFinalSegment() {
        let script = FetchScript()
        #expect(script.segments() == [0])
        #expect(script.data(0))
        #expect(script.fetch.size == nil)
        #expect(script.segments() == [9], "the final segment is asked for without any demand")
        #expect(script.data(9, length: 42))
        #expect(script.fetch.size == 942)
        #expect(script.segments() == [], "no demand, no Interests")
        script.fetch.raiseLimit(to: 4)
        #expect(script.segments() == [1, 2, 3])
        script.fetch.raiseLimit(to: 100)
        #expect(script.segments() == [4, 5, 6, 7, 8])
        for segment in UInt64(1)...8 { #expect(script.data(segment)) }
        #expect(script.fetch.isComplete)
        #expect(script.path.inFlight == 0)
    }

    @Test(arguments: [0, 1, 100]) func singleSegmentIsTheWholeBlob(length: Int) {
        let script = FetchScript()
        _ = script.sent()
        #expect(script.data(0, length: length, final: 0))
        #expect(script.fetch.size == UInt64(length))
        #expect(script.fetch.isComplete)
        #expect(script.sent().isEmpty)
    }

    @Test(
        arguments: [
            (0, 1), (1, UInt64.max), (7777, 1 << 60), (2, 1 << 62), (8800, UInt64.max / 8800),
        ] as [(Int, UInt64)])
    func hostileSizes(length: Int, final: UInt64) {
        let script = FetchScript()
        _ = script.sent()
        #expect(!script.data(0, length: length, final: final))
        guard case .malformed = script.fetch.failure else {
            Issue.record("\(String(describing: script.fetch.failure))")
            return
        }
    }

    @Test func hugeButPossibleSizeNeedsNoMemory() {
        let script = FetchScript()
        _ = script.sent()
        #expect(script.data(0, length: 8000, final: 1 << 49))
        #expect(script.segments() == [1 << 49])
        #expect(script.data(1 << 49, length: 8000, final: 1 << 49))
        // Typed: a bare product would be compared as AnyHashable, whose thunk reads past an optional under ASan.
        let size: UInt64 = (1 << 49) * 8000 + 8000
        #expect(script.fetch.size == size)
    }

    static let faults: [(segment: UInt64, length: Int, final: UInt64)] = [
        (9, 101, 9), (3, 99, 9), (3, 101, 9), (3, 100, 8), (9, 10, 10),
    ]

    @Test func faultySegmentsAreAskedForOnceMorePastTheCaches() {
        for (segment, length, final) in Self.faults {
            let script = FetchScript.running()
            #expect(!script.data(segment, length: length, final: final))
            #expect(script.fetch.failure == nil)
            script.wait(.milliseconds(12))
            let again = script.sent().first { $0.segment == segment }
            #expect(again?.mustBeFresh == true)
            #expect(!script.data(segment, length: length, final: final))
            guard case .malformed = script.fetch.failure else {
                Issue.record("segment \(segment) of \(length) octets, final \(final): accepted")
                continue
            }
        }
        let script = FetchScript.running()
        #expect(script.data(3, final: nil), "a segment need not repeat FinalBlockId")
    }

    @Test func aWindowThatGrowsKeepsWhatItHolds() {
        let script = FetchScript()
        script.path = FetchPath(initialWindow: 1000, maximumWindow: 1000, algorithm: .cubic)
        _ = script.sent()
        #expect(script.data(0, final: 5000, capacity: 4096))
        script.fetch.raiseLimit(to: 101)
        #expect(script.segments() == [5000] + (1...100))
        for segment in UInt64(40)...60 { #expect(script.data(segment, final: 5000)) }
        script.nack(.duplicate, 7)
        script.nack(.duplicate, 3)
        #expect(script.fetch.ring.lost == 2)
        let small = script.fetch.ring.capacity
        script.fetch.raiseLimit(to: 901)
        let more = script.segments()
        #expect(more == Array(101...900))
        #expect(script.fetch.ring.capacity > small)
        #expect(script.fetch.ring.inFlight == 1 + 900 - 21 - 2)
        #expect(script.fetch.ring.oldestInFlight.map(script.fetch.ring.segment) == 5000)
        #expect(script.fetch.ring.lost == 2)
        script.now = script.now + RTTEstimator.suppression(transmissions: 1)
        #expect(script.segments() == [7, 3], "in the order in which they were lost")
        #expect(script.data(5000, length: 1, final: 5000))
        for segment in (UInt64(1)...900).reversed() {
            #expect(script.data(segment, final: 5000) == !(40...60 ~= segment))
        }
        #expect(script.fetch.base == 901)
        #expect(script.path.inFlight == 0)
    }

    @Test func aNackForAnEarlierTransmissionSaysNothing() {
        let script = FetchScript.running(limit: 4)
        script.nack(.congestion, 2, nonce: 0)
        #expect(script.fetch.statistics.nacks == 0)
        #expect(script.fetch.ring.lost == 0)
    }

    @Test func unaskedAndRepeatedSegmentsAreIgnored() {
        let script = FetchScript.running(limit: 4)
        #expect(!script.data(5))
        #expect(script.data(2))
        #expect(!script.data(2))
        #expect(!script.data(0))
        #expect(!script.data(77))
        #expect(script.fetch.statistics.duplicates == 4)
        #expect(script.fetch.failure == nil)
    }

    @Test func firstSegmentWithoutFinalBlockHasNoSize() {
        let script = FetchScript()
        _ = script.sent()
        #expect(!script.data(0, final: nil))
        #expect(script.fetch.failure == .noSize)
    }

    @Test func silenceIsProbedThenTimesOut() {
        let script = FetchScript()
        #expect(script.segments() == [0])
        script.wait(.milliseconds(299))
        #expect(script.segments() == [])
        script.wait(.milliseconds(1))
        let again = script.sent()
        #expect(again.map(\.segment) == [0])
        #expect(again.first?.isRetransmission == true)
        script.wait(.milliseconds(1199))
        #expect(script.fetch.failure == nil)
        script.wait(.milliseconds(1))
        #expect(script.fetch.failure == .noSize)
    }

    @Test func overtakenSegmentIsSentAgainAfterSuppression() {
        let script = FetchScript.running()
        script.wait(.milliseconds(1))
        for segment in UInt64(2)...5 { #expect(script.data(segment)) }
        script.wait(.milliseconds(10))
        #expect(script.segments() == [], "NFD drops a retransmission within 10 ms")
        script.wait(.milliseconds(1))
        #expect(script.segments() == [1])
        #expect(script.fetch.statistics.overtaken == 1)
        #expect(script.fetch.base == 1)
        #expect(script.data(1))
        #expect(script.fetch.base == 6)
    }

    @Test func finalSegmentIsNotOvertaken() {
        let script = FetchScript.running()
        script.wait(.milliseconds(1))
        for segment in UInt64(1)...7 { #expect(script.data(segment)) }
        script.wait(.milliseconds(10))
        _ = script.data(8)
        let window = script.path.controller.window
        script.wait(.milliseconds(150))
        #expect(script.segments() == [9], "as a probe only")
        #expect(script.fetch.statistics.overtaken == 0)
        #expect(script.path.controller.window == window)
    }

    @Test func oneReactionARoundTrip() {
        let script = FetchScript.running(final: 40)
        script.wait(.milliseconds(1))
        let window = script.path.controller.window
        script.nack(.congestion, 1)
        #expect(script.path.controller.window == window * 0.7)
        script.nack(.congestion, 2)
        #expect(script.data(3, final: 40, isMarked: true))
        #expect(script.path.controller.window == window * 0.7)
        script.wait(.milliseconds(12))
        #expect(script.segments().starts(with: [1, 2]))
        #expect(script.data(1, final: 40, isMarked: true))
        #expect(script.path.controller.window < window * 0.5)
    }

    @Test func retransmissionsAreBounded() {
        let script = FetchScript {
            $0.progressTimeout = .hours(1)
            $0.retransmissions = 3
        }
        _ = script.sent()
        #expect(script.data(0))
        script.fetch.raiseLimit(to: 2)
        var sent = script.segments().filter { $0 == 1 }.count
        while script.fetch.failure == nil {
            script.wait(.milliseconds(100))
            sent += script.segments().filter { $0 == 1 }.count
        }
        #expect(sent == 4)
        #expect(script.fetch.failure == .stalled)
    }

    @Test func noProgressStalls() {
        let script = FetchScript.running(limit: 3)
        _ = script.data(9)
        for _ in 0..<49 {
            script.wait(.milliseconds(100))
            _ = script.sent()
        }
        #expect(script.fetch.failure == nil)
        script.wait(.milliseconds(100))
        #expect(script.fetch.failure == .stalled)
    }

    /// Nobody says that a cable was cut.
    @Test(arguments: [(false, 5000), (true, 2000)]) func nothingAtAllEndsWhatHasAnotherSourceSooner(
        canRepair: Bool, milliseconds: Int64
    ) {
        let script = FetchScript.running(limit: 3)
        #expect(script.data(9))
        script.fetch.canRepair = canRepair
        let last = script.now
        var deadlines: [NIODeadline] = []
        while script.fetch.failure == nil {
            deadlines.append(script.fetch.nextDeadline(script.path, isUp: true, now: script.now))
            script.wait(.milliseconds(10))
            _ = script.sent()
        }
        #expect(script.fetch.failure == .stalled)
        #expect(script.now - last == .milliseconds(milliseconds))
        #expect(deadlines.allSatisfy { $0 <= last + .milliseconds(milliseconds) })
    }

    /// A range of a blob whose size is known: it waits for its first segment no longer than for another.
    @Test func aRangeOfAKnownBlobEndsWithThePathSilence() throws {
        let script = FetchScript()
        script.fetch = SegmentFetch(
            configuration: FetchConfiguration(), geometry: try BlobGeometry(chunk: 100, final: 9), size: 942, start: 4,
            stop: 6,
            capacity: 8, deadline: script.now + .minutes(10), now: script.now)
        script.fetch.canRepair = true
        script.fetch.raiseLimit(to: 6)
        #expect(script.segments() == [4, 5])
        let begin = script.now
        while script.fetch.failure == nil {
            script.wait(.milliseconds(100))
            _ = script.sent()
        }
        #expect(script.fetch.failure == .stalled)
        #expect(script.now - begin == .seconds(4), "four retransmission timeouts of a path without a round trip")
    }

    @Test func whateverComesOverThePathIsNoSilence() {
        let script = FetchScript.running(limit: 3)
        #expect(script.data(9))
        script.fetch.canRepair = true
        for second in 0..<4 {
            script.wait(.milliseconds(1000))
            _ = script.sent()
            // Another fetch is answered, or this one gets what it has, or a router says that it is busy.
            switch second % 3 {
            case 0: script.path.noteArrival(now: script.now)
            case 1: #expect(!script.data(0))
            default: script.nack(.congestion, 1)
            }
        }
        #expect(script.fetch.failure == nil)
        // But the time without a segment of its own ends it all the same.
        script.wait(.milliseconds(1000))
        #expect(script.fetch.failure == .stalled)
    }

    @Test("A blob of which nothing came, a reader that paused, and a long round trip are no silence")
    func whatIsNoSilence() {
        let begun = FetchScript()
        begun.fetch.canRepair = true
        _ = begun.sent()
        begun.wait(.milliseconds(1499))
        #expect(begun.fetch.failure == nil)

        let paused = FetchScript.running(limit: 3)
        paused.fetch.canRepair = true
        for segment: UInt64 in [1, 2, 9] { #expect(paused.data(segment)) }
        paused.wait(.minutes(1))
        paused.fetch.raiseLimit(to: 5)
        #expect(paused.segments() == [3, 4])
        paused.wait(.milliseconds(1999))
        #expect(paused.fetch.failure == nil)
        paused.wait(.milliseconds(1))
        #expect(paused.fetch.failure == .stalled)

        let far = FetchScript()
        _ = far.sent()
        far.now = far.now + .milliseconds(300)
        #expect(far.data(0, final: 2))
        far.fetch.canRepair = true
        far.fetch.raiseLimit(to: 3)
        _ = far.sent()
        far.now = far.now + .milliseconds(300)
        #expect(far.data(2, final: 2))
        #expect(far.path.rtt.plainTimeout == .milliseconds(750))
        // Four times that, however often the timer has expired meanwhile.
        for _ in 0..<29 {
            far.wait(.milliseconds(100))
            _ = far.sent()
        }
        #expect(far.fetch.failure == nil)
        far.wait(.milliseconds(100))
        #expect(far.fetch.failure == .stalled)
    }

    @Test func aReaderThatPausesIsNoStall() {
        let script = FetchScript.running(limit: 3)
        for segment: UInt64 in [1, 2, 9] { #expect(script.data(segment)) }
        script.wait(.minutes(9))
        #expect(script.fetch.failure == nil)
        script.fetch.raiseLimit(to: 5)
        #expect(script.segments() == [3, 4])
        script.wait(.milliseconds(4999))
        #expect(script.fetch.failure == nil)
        script.wait(.seconds(56))
        #expect(script.fetch.failure == .deadline)
    }

    @Test func noRouteTwiceEndsIt() {
        let script = FetchScript()
        _ = script.sent()
        script.nack(.noRoute, 0)
        #expect(script.segments() == [])
        script.wait(.milliseconds(99))
        #expect(script.segments() == [])
        script.wait(.milliseconds(1))
        #expect(script.segments() == [0])
        script.nack(.noRoute, 0)
        #expect(script.fetch.failure == .noRoute)
    }

    @Test func dataBetweenNoRouteNacksClearsThem() {
        let script = FetchScript.running(limit: 4)
        script.nack(.noRoute, 1)
        #expect(script.data(2))
        script.wait(.milliseconds(100))
        #expect(script.segments().first == 1)
        script.nack(.noRoute, 1)
        #expect(script.fetch.failure == nil)
    }

    @Test func duplicateNackIsAnsweredWithANewInterest() {
        let script = FetchScript.running(limit: 4)
        let window = script.path.controller.window
        script.nack(.duplicate, 2)
        script.wait(.milliseconds(12))
        #expect(script.segments().contains(2))
        #expect(script.path.controller.window == window)
    }

    @Test func applicationNackIsConfirmed() {
        let script = FetchScript()
        _ = script.sent()
        #expect(!script.data(0, length: 0, final: nil, type: 3))
        script.wait(.milliseconds(12))
        let again = script.sent()
        #expect(again.map(\.segment) == [0])
        #expect(again.first?.mustBeFresh == true)
        #expect(!script.data(0, length: 0, final: nil, type: 3))
        #expect(script.fetch.failure == .notFound)
    }

    @Test func unconfirmedApplicationNackExpires() {
        let script = FetchScript()
        _ = script.sent()
        _ = script.data(0, length: 0, final: nil, type: 3)
        script.wait(.milliseconds(499))
        #expect(script.fetch.failure == nil)
        script.wait(.milliseconds(1))
        #expect(script.fetch.failure == .notFound)
    }

    @Test func staleApplicationNackIsOvercome() {
        let script = FetchScript()
        _ = script.sent()
        _ = script.data(0, length: 0, final: nil, type: 3)
        script.wait(.milliseconds(12))
        _ = script.sent()
        #expect(script.data(0))
        script.wait(.milliseconds(1000))
        #expect(script.fetch.failure == nil)
    }

    @Test func faceDownThenUp() {
        let script = FetchScript.running(limit: 5)
        #expect(script.data(9))
        script.fetch.loseFlight(&script.path)
        script.isUp = false
        #expect(script.path.inFlight == 0)
        script.wait(.milliseconds(4000))
        #expect(script.fetch.failure == nil)
        script.isUp = true
        #expect(Set(script.segments()) == [1, 2, 3, 4])
        script.isUp = false
        script.fetch.loseFlight(&script.path)
        script.wait(.milliseconds(5000))
        #expect(script.fetch.failure == .faceDown)
    }

    /// Whoever can read from the upstream does not wait as long for the router as whoever cannot.
    @Test func faceDownWithAnotherSource() {
        let script = FetchScript.running(limit: 5)
        script.fetch.canRepair = true
        #expect(script.data(9))
        script.fetch.loseFlight(&script.path)
        script.isUp = false
        script.wait(.zero)
        #expect(script.fetch.nextDeadline(script.path, isUp: false, now: script.now) == script.now + .seconds(1))
        script.wait(.milliseconds(999))
        #expect(script.fetch.failure == nil)
        script.isUp = true
        #expect(Set(script.segments()) == [1, 2, 3, 4], "a router that was started again is used")
        script.fetch.loseFlight(&script.path)
        script.isUp = false
        script.wait(.zero)
        script.wait(.milliseconds(1000))
        #expect(script.fetch.failure == .faceDown)
    }

    /// A reader that was slow wants more just after the face went down, when nothing was in flight.
    @Test func faceDownWhileNothingIsAwaited() {
        let script = FetchScript.running(limit: 3)
        for segment: UInt64 in [9, 1, 2] { #expect(script.data(segment)) }
        script.fetch.loseFlight(&script.path)
        script.isUp = false
        script.wait(.minutes(1))
        #expect(script.fetch.failure == nil, "nobody wants anything")
        script.fetch.raiseLimit(to: 5)
        #expect(script.fetch.nextDeadline(script.path, isUp: false, now: script.now) <= script.now)
        script.wait(.zero)
        let deadline = script.fetch.nextDeadline(script.path, isUp: false, now: script.now)
        #expect(deadline == script.now + .seconds(5))
        script.wait(.milliseconds(4999))
        #expect(script.fetch.failure == nil)
        script.wait(.milliseconds(1))
        #expect(script.fetch.failure == .faceDown)
    }

    @Test func aFaceThatReturnsInTimeIsUsed() {
        let script = FetchScript.running(limit: 3)
        for segment: UInt64 in [9, 1, 2] { #expect(script.data(segment)) }
        script.isUp = false
        script.fetch.raiseLimit(to: 5)
        script.wait(.zero)
        script.wait(.milliseconds(4000))
        script.isUp = true
        #expect(script.segments() == [3, 4])
        script.wait(.milliseconds(100))
        script.isUp = false
        script.fetch.loseFlight(&script.path)
        script.wait(.milliseconds(2000))
        #expect(script.fetch.failure == nil)
    }

    @Test func startsInTheMiddle() throws {
        let now = NIODeadline.uptimeNanoseconds(1)
        var path = FetchPath(initialWindow: 10, maximumWindow: 10)
        var fetch = SegmentFetch(
            configuration: .init(), geometry: try BlobGeometry(chunk: 10, final: 9), size: 95, start: 7, capacity: 4,
            deadline: now + .minutes(1), now: now)
        fetch.raiseLimit(to: 100)
        var sent: [UInt64] = []
        while let interest = fetch.nextInterest(&path, now: now) { sent.append(interest.segment) }
        #expect(sent == [9, 7, 8])
        for segment in sent {
            let data = SegmentData(segment: segment, length: segment == 9 ? 5 : 10, final: 9)
            #expect(fetch.receive(data, &path, now: now, capacity: { _ in 4 }))
        }
        #expect(fetch.isComplete)
    }
}
