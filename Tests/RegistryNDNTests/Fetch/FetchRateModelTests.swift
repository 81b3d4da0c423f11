import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct FetchRateModelTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// While the flight grows, most of what arrives comes from nearby; of what left together half does.
    @Test func meanOfWhatLeftTogether() {
        let (near, far) = (TimeAmount.milliseconds(2), TimeAmount.milliseconds(50))
        var answers: [(at: NIODeadline, rtt: TimeAmount)] = []
        for step in 0..<400 {
            let sent = Self.start + .milliseconds(Int64(step))
            // The flight doubles each 50 ms.
            for _ in 0..<(1 << (step / 50)) {
                answers.append((sent + near, near))
                answers.append((sent + far, far))
            }
        }
        answers.sort { $0.at < $1.at }
        var departures = DepartureMean()
        var means: [Double] = []
        for answer in answers {
            if let mean = departures.sample(answer.rtt, now: answer.at) { means.append(mean) }
        }
        // The first two end before any answer from afar was there.
        let settled = means.filter { $0 > 0.0021 }
        #expect(settled.count >= 5)
        #expect(settled.allSatisfy { abs($0 - 0.026) < 0.004 }, "\(settled)")
    }

    @Test func lossesThatWereNoneDoNotCount() {
        var losses = RoundLosses()
        func data(_ delivered: UInt64) -> PathSample {
            PathSample(delivered: delivered, now: Self.start + .milliseconds(Int64(delivered)))
        }
        losses.endRound(data(100), isQuiet: true)
        for _ in 0..<90 { losses.add() }
        for _ in 0..<90 { losses.remove() }
        losses.endRound(data(200), isQuiet: true)
        #expect(losses.last == 0)
        #expect(!losses.areExcessive)
        for _ in 0..<190 { losses.add() }
        losses.endRound(data(300), isQuiet: true)
        #expect(losses.last == 190.0 / 290)
        #expect(losses.areExcessive, "almost half of the last two rounds")
    }

    /// Data every millisecond over 20 ms, and so many of a hundred Interests lost.
    private func pace(isLocal: Bool, lost: Int) -> Double? {
        var path = FetchPath(initialWindow: 10, maximumWindow: 1000, isLocal: isLocal)
        var flight: [Transmission] = []
        var number = 0
        for millisecond in 0..<2000 as Range<Int64> {
            let now = Self.start + .milliseconds(millisecond)
            flight.append(path.transmit(now: now))
            guard millisecond >= 20 else { continue }
            let sent = flight.removeFirst()
            number += 1
            path.forget(1)
            if number % 100 < lost {
                _ = path.lost(sent, now: now)
            } else {
                path.received(sent, isAmbiguous: false, first: nil, isMarked: false, now: now)
            }
        }
        return path.controller.pacingRate
    }

    @Test func whatBeginsInThisMachineIsPacedOnceSomethingIsLost() {
        #expect(pace(isLocal: false, lost: 0) != nil)
        #expect(pace(isLocal: true, lost: 0) == nil)
        #expect(pace(isLocal: true, lost: 20) != nil)
    }

    /// Flights one after another on a path of 50 ms and a Data packet each `spacing`; a flight leaves when the last one has come.
    private struct Flights {
        var path = FetchPath(initialWindow: 32, maximumWindow: 1000)
        var now = FetchRateModelTests.start

        /// - Parameter late: what the producer takes before its first answer.
        /// - Returns: how long it took to send all.
        @discardableResult
        mutating func fly(_ count: Int, late: TimeAmount = .zero, spacing: TimeAmount = .microseconds(600))
            -> TimeAmount
        {
            var unsent = count
            var flight: [(Transmission, arrives: NIODeadline)] = []
            let begin = now
            var sentLast = now
            while unsent > 0 || !flight.isEmpty {
                while unsent > 0, path.maySend(now: now) {
                    let free = flight.last.map { $0.arrives + spacing } ?? now
                    flight.append((path.transmit(now: now), max(free, now + .milliseconds(50) + late)))
                    (unsent, sentLast) = (unsent - 1, now)
                    if unsent == 0 { path.noteIdle() }
                }
                while let (sent, arrives) = flight.first, arrives <= now {
                    flight.removeFirst()
                    path.forget(1)
                    path.received(sent, isAmbiguous: false, first: nil, isMarked: false, now: now)
                }
                now = now + .microseconds(100)
            }
            now = now + .milliseconds(1)
            return sentLast - begin
        }
    }

    /// Many blobs that the producer reads at one moment take longer; that is no queue of what was asked for.
    @Test func aSmallFlightThatIsAnsweredLateSaysNothingOfTheWindow() {
        var flights = Flights()
        for _ in 0..<20 { flights.fly(2) }
        for _ in 0..<4 { flights.fly(30, late: .milliseconds(40)) }
        #expect(flights.fly(26) < .milliseconds(20))
    }

    /// What blobs one by one measure is what they use; half of a round-trip time is enough for as much as the path is known to hold.
    @Test func afterAPauseThePathIsFilledAtTwiceItsPace() {
        var flights = Flights()
        // 500 packets a second: 25 are what the path holds.
        for _ in 0..<3 { flights.fly(400, spacing: .milliseconds(2)) }
        for _ in 0..<4 {
            let whole = flights.fly(24, spacing: .milliseconds(2))
            #expect(whole > .milliseconds(15) && whole < .milliseconds(30), "paced, and twice as fast")
        }
        let more = flights.fly(60, spacing: .milliseconds(2))
        #expect(more > .milliseconds(90), "what it does not hold waits for the first answers")
    }

    /// A probe within NFD's suppression interval would be dropped, and be missing later.
    @Test func probesWaitUntilTheyCount() {
        var now = Self.start
        var path = FetchPath(initialWindow: 10, maximumWindow: 1000)
        var fetch = SegmentFetch(configuration: FetchConfiguration(), deadline: now + .minutes(1), now: now)
        func sent() -> [UInt64] {
            var segments: [UInt64] = []
            while let interest = fetch.nextInterest(&path, now: now) { segments.append(interest.segment) }
            return segments
        }
        #expect(sent() == [0])
        now = now + .milliseconds(1)
        let data = SegmentData(segment: 0, length: 100, final: 1)
        #expect(fetch.receive(data, &path, now: now, capacity: { _ in 64 }))
        #expect(sent() == [1])
        var times: [Int64] = []
        let begin = now
        for _ in 0..<200 {
            now = fetch.nextDeadline(path, isUp: true, now: now)
            fetch.advance(&path, isUp: true, now: now)
            if sent() == [1] { times.append((now - begin).nanoseconds / 1_000_000) }
            if times.count == 3 { break }
        }
        // 12 ms of silence; 24 ms after the second transmission; then the timer.
        #expect(times.count == 3)
        #expect(times.first == 12)
        #expect(times.dropFirst().first == 36)
    }
}
