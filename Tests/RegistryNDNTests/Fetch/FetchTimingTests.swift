import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct FetchTimingTests {
    @Test func firstSampleAndFloor() {
        var rtt = RTTEstimator()
        #expect(rtt.timeout == .seconds(1))
        rtt.sample(.milliseconds(100), inFlight: 1)
        #expect(rtt.smoothed == .milliseconds(100))
        #expect(rtt.timeout == .milliseconds(300), "SRTT + 4 × RTTVAR, RTTVAR = R / 2")
        for _ in 0..<100 { rtt.sample(.milliseconds(1), inFlight: 1) }
        #expect(rtt.timeout == .milliseconds(200))
        #expect(rtt.minimum == .milliseconds(1))
    }

    @Test func laterSamples() {
        var rtt = RTTEstimator()
        rtt.sample(.milliseconds(100), inFlight: 1)
        rtt.sample(.milliseconds(200), inFlight: 1)
        // RTTVAR = 50 + (100 - 50) / 4, SRTT = 100 + 100 / 8.
        #expect(rtt.smoothed == .microseconds(112_500))
        #expect(rtt.timeout == .microseconds(112_500 + 4 * 62_500))
    }

    @Test func gainsShrinkWithTheFlight() {
        var rtt = RTTEstimator()
        rtt.sample(.milliseconds(100), inFlight: 1)
        rtt.sample(.milliseconds(200), inFlight: 20)
        #expect(rtt.smoothed == .milliseconds(101) + .microseconds(250))
    }

    @Test func backoffEndsWithASample() {
        var rtt = RTTEstimator()
        rtt.sample(.milliseconds(10), inFlight: 1)
        rtt.backOff()
        #expect(rtt.timeout == .milliseconds(400))
        for _ in 0..<10 { rtt.backOff() }
        #expect(rtt.timeout == .seconds(1))
        rtt.sample(.milliseconds(10), inFlight: 1)
        #expect(rtt.timeout == .milliseconds(200))
    }

    @Test("Nothing at all is no size, however short the time for progress is")
    func nothingIsNoSize() {
        let script = FetchScript {
            ($0.progressTimeout, $0.sizeTimeout) = (.seconds(1), .seconds(10))
            $0.retransmissions = 3
        }
        while script.fetch.failure == nil {
            _ = script.sent()
            script.wait(.milliseconds(100))
        }
        #expect(script.fetch.failure == .noSize)
    }

    @Test("A blob of which one segment comes each four seconds has its time, and no more")
    func trickle() {
        let script = FetchScript { ($0.timeout, $0.retransmissions) = (.minutes(2), 254) }
        let start = script.now
        _ = script.sent()
        _ = script.data(0, final: 999)
        script.fetch.raiseLimit(to: 1000)
        _ = script.sent()
        _ = script.data(999, final: 999)
        var next: UInt64 = 1
        while script.fetch.failure == nil {
            for _ in 0..<40 where script.fetch.failure == nil {
                script.wait(.milliseconds(100))
                _ = script.sent()
            }
            _ = script.data(next, final: 999)
            next += 1
        }
        #expect(script.fetch.failure == .deadline)
        #expect(script.now - start < .minutes(2) + .seconds(1))
    }

    /// NFD's best-route sends an Interest to the nearest server, and a repetition to the next one.
    @Test("A router that sends every other transmission of a segment to a server which hangs: all segments come")
    func hungServer() {
        let script = FetchScript { $0.sizeTimeout = .seconds(10) }
        var transmissions: [UInt64: Int] = [:]
        var answers: [(at: NIODeadline, segment: UInt64)] = []
        let end = script.now + .minutes(2)
        while script.fetch.failure == nil, !script.fetch.isComplete, script.now < end {
            script.fetch.raiseLimit(to: 100)
            for interest in script.sent() {
                transmissions[interest.segment, default: 0] += 1
                if transmissions[interest.segment]! % 2 == 0 {
                    answers.append((script.now + .milliseconds(10), interest.segment))
                }
            }
            script.wait(.milliseconds(2))
            let due = answers.filter { $0.at <= script.now }
            answers.removeAll { $0.at <= script.now }
            for answer in due { _ = script.data(answer.segment, final: 99) }
        }
        #expect(script.fetch.failure == nil && script.fetch.isComplete)
    }

    @Test func suppressionDoublesLikeNFD() {
        let delays = (1...7).map { RTTEstimator.suppression(transmissions: UInt8($0)) }
        #expect(delays == [12, 24, 48, 96, 192, 260, 260].map { .milliseconds($0) })
    }

    @Test func cubicGrowsBackToItsMaximum() {
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var cubic = Cubic(initialWindow: 10)
        while cubic.window < 100 {
            cubic.received(
                PathSample(rtt: .milliseconds(100), isWindowLimited: true, smoothedRTT: .milliseconds(100), now: now))
        }
        cubic.reduce(.loss, inFlight: 0, now: now)
        #expect(cubic.window == 70)
        // K = cbrt(100 × 0.3 / 0.4) = 4.2 s; a window's worth of Data each 100 ms.
        func run(_ seconds: Double) {
            for _ in 0..<Int(seconds * 10) {
                for _ in 0..<Int(cubic.window) {
                    cubic.received(
                        PathSample(
                            rtt: .milliseconds(100), isWindowLimited: true, smoothedRTT: .milliseconds(100), now: now))
                }
                now = now + .milliseconds(100)
            }
        }
        run(2)
        #expect(cubic.window > 90 && cubic.window < 100)
        run(2.2)
        #expect(abs(cubic.window - 100) < 3)
        run(4)
        #expect(cubic.window > 115)
    }

    @Test func slowStartEndsBeforeTheQueueOverflows() {
        let now = NIODeadline.uptimeNanoseconds(1)
        var cubic = Cubic(initialWindow: 10)
        // A path that holds 100 packets in 10 ms; what is in flight beyond waits in its queue.
        for _ in 0..<5000 {
            let rtt = TimeAmount.microseconds(Int64(max(10_000, cubic.window * 100)))
            cubic.received(PathSample(rtt: rtt, isWindowLimited: true, smoothedRTT: rtt, now: now))
        }
        #expect(cubic.window > 140 && cubic.window < 1000, "\(cubic.window)")
        var steady = Cubic(initialWindow: 10)
        for _ in 0..<1000 {
            steady.received(
                PathSample(rtt: .milliseconds(10), isWindowLimited: true, smoothedRTT: .milliseconds(10), now: now))
        }
        #expect(steady.window == 1010)
    }

    @Test func windowNeitherGrowsUnusedNorFallsBelowItsFloor() {
        let now = NIODeadline.uptimeNanoseconds(1)
        var cubic = Cubic(initialWindow: 10)
        cubic.received(PathSample(rtt: .milliseconds(100), isWindowLimited: false, smoothedRTT: nil, now: now))
        #expect(cubic.window == 10)
        for _ in 0..<20 { cubic.reduce(.loss, inFlight: 0, now: now) }
        #expect(cubic.window == 2)
        cubic.collapse(now: now)
        #expect(cubic.window == 2)
    }

    @Test func secondTimeoutWithoutDataCollapsesTheWindow() {
        let now = NIODeadline.uptimeNanoseconds(1)
        var path = FetchPath(initialWindow: 100, maximumWindow: 1000, algorithm: .cubic)
        let first = path.transmit(now: now)
        _ = path.timedOut(first, now: now)
        #expect(path.window == 70)
        _ = path.timedOut(first, now: now)
        #expect(path.window == 70)
        _ = path.timedOut(path.transmit(now: now), now: now)
        #expect(path.window == 2)
    }

    @Test(arguments: CongestionAlgorithm.allCases) func windowStaysWithinItsBound(algorithm: CongestionAlgorithm) {
        var now = NIODeadline.uptimeNanoseconds(1)
        var path = FetchPath(initialWindow: 10, maximumWindow: 12, algorithm: algorithm)
        for _ in 0..<1000 {
            path.isWindowLimited = true
            let sent = path.transmit(now: now)
            now = now + .milliseconds(1)
            path.received(sent, isAmbiguous: false, first: nil, isMarked: false, now: now)
            path.forget(1)
            #expect(path.window <= 12)
        }
        #expect(path.inFlight == 0)
    }

    @Test(arguments: [CongestionAlgorithm.cubic, .aimd]) func lossesThatWereNoneAreTakenBack(
        algorithm: CongestionAlgorithm
    ) {
        let now = NIODeadline.uptimeNanoseconds(1)
        var path = FetchPath(initialWindow: 100, maximumWindow: 1000, algorithm: algorithm)
        let (first, second) = (path.transmit(now: now), path.transmit(now: now))
        let event = path.lost(first, now: now)
        #expect(path.lost(second, now: now) == event)
        #expect(path.window < 100)
        path.wasNotLost(event)
        #expect(path.window < 100, "the other one still is")
        path.wasNotLost(event)
        #expect(path.window == 100)
    }

    @Test func noncesDiffer() {
        let path = FetchPath(initialWindow: 1, maximumWindow: 1, salt: 7)
        #expect(Set((0..<1000).map { path.nonce($0) }).count == 1000)
        let other = FetchPath(initialWindow: 1, maximumWindow: 1, salt: 8)
        #expect(path.nonce(1) != other.nonce(1))
    }

    @Test func windowedMaximumForgets() {
        var filter = WindowedMaximum(length: 10)
        filter.add(100, round: 0)
        for round in UInt64(1)...10 { filter.add(50, round: round) }
        #expect(filter.value == 100)
        filter.add(40, round: 11)
        #expect(filter.value == 50)
        for round in UInt64(12)...25 { filter.add(40, round: round) }
        #expect(filter.value == 40)
    }

    @Test func aPaceMakesSmallTrains() {
        var pacer = Pacer()
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var sent = 0
        // 4000 a second: four a millisecond.
        for _ in 0..<1000 {
            now = now + .milliseconds(1)
            var train = 0
            while pacer.maySend(now: now) {
                pacer.sent(rate: 4000, now: now)
                train += 1
            }
            #expect(train <= 9)
            sent += train
        }
        #expect(abs(sent - 4000) < 10)
    }
}
