import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// A client that is installed, and to which nothing comes over NDN: it says so.
@Suite struct NDNDroughtTests {
    private static let noRoute = Fallback(FetchError.noRoute)

    private static func time(_ seconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(5_000_000_000) + .seconds(seconds)
    }

    /// Requests and looks at seconds since the program's begin.
    private struct Script {
        var drought = NDNDrought(now: time(0))

        /// A request that is answered without NDN.
        mutating func request(at seconds: Int64, _ fallback: Fallback = noRoute) {
            drought.departed("a", fallback, now: time(seconds))
            drought.arrived("a", now: time(seconds))
        }

        /// All that ever came, seen then.
        mutating func observe(ndn: UInt64, registry: UInt64 = 0, at seconds: Int64) {
            drought.observe(.init(ndn: ndn, registry: registry), now: time(seconds))
        }

        func report(at seconds: Int64) -> NDNDrought.Report? { drought.report(now: time(seconds)) }

        func isUndecided(at seconds: Int64) -> Bool { drought.isUndecided(now: time(seconds)) }

        /// What the log is told, looking once a second, by the second.
        mutating func notices(_ seconds: ClosedRange<Int64>) -> [Int64: NDNDrought.Notice] {
            var told: [Int64: NDNDrought.Notice] = [:]
            for second in seconds { told[second] = drought.notice(now: time(second)) }
            return told
        }
    }

    @Test func aMinuteOfRequestsWithoutNDNIsADrought() {
        var script = Script()
        for second in stride(from: Int64(0), to: 60, by: 5) {
            script.request(at: second)
            #expect(script.report(at: second) == nil)
        }
        let report = NDNDrought.Report(
            seconds: 60, reason: "the router has no route to the blob's prefix: no server has registered it there")
        #expect(script.report(at: 60) == report)
    }

    @Test func nobodyWhoAsksIsNoDrought() {
        var script = Script()
        #expect(script.report(at: 1000) == nil)
        script.request(at: 1000)
        #expect(script.report(at: 1059) != nil)
        #expect(script.report(at: 1060) == nil)
        let told = script.notices(1060...1100)
        #expect(told.isEmpty)
    }

    @Test func whatTheRegistryRefusesIsNoSign() {
        var script = Script()
        script.request(at: 1000, Self.noRoute.refused)
        #expect(script.report(at: 1001) == nil && script.drought.reason == nil)
    }

    @Test func aRequestThatLastsCountsAsLongAsItLasts() {
        var script = Script()
        script.drought.departed("b", Self.noRoute, now: Self.time(0))
        #expect(script.report(at: 600)?.seconds == 600)
        script.drought.arrived("b", now: Self.time(600))
        #expect(script.report(at: 659) != nil)
        #expect(script.report(at: 660) == nil)
    }

    @Test func aRequestThatNeverDepartedIsNoSignAndOneThatDepartedTwiceIsOne() {
        var script = Script()
        script.drought.arrived("x", now: Self.time(100))
        #expect(script.report(at: 100) == nil)
        for _ in 0..<2 { script.drought.departed("x", Self.noRoute, now: Self.time(101)) }
        script.drought.arrived("x", now: Self.time(102))
        #expect(script.report(at: 161) != nil)
        #expect(script.report(at: 162) == nil)
    }

    @Test func aSmallBlobNowAndThenDoesNotEndIt() {
        var script = Script()
        for minute in Int64(1)...10 {
            script.request(at: 60 * minute)
            script.observe(ndn: 9999 * UInt64(minute), registry: 1_000_000 * UInt64(minute), at: 60 * minute + 1)
            #expect(script.report(at: 60 * minute + 1)?.seconds == 60 * minute + 1)
            #expect(script.report(at: 60 * minute + 1)?.hasBrought == true)
        }
        // That something came is known all the same.
        #expect(script.drought.lastSuccess == Self.time(601))
        script.observe(ndn: 100_000, registry: 10_000_000, at: 602)
        #expect(script.report(at: 602) == nil)
        // From here on it is counted anew.
        script.request(at: 660)
        script.observe(ndn: 100_001, registry: 10_000_200, at: 661)
        #expect(script.report(at: 662)?.seconds == 60)
    }

    @Test func whatTheRegistryOnceGaveIsNoMeasureWhenNothingGoesWithoutNDNAnyMore() {
        var script = Script()
        script.request(at: 60)
        script.observe(ndn: 1, registry: 1_000_000, at: 61)
        #expect(script.report(at: 61) != nil)
        script.observe(ndn: 2, registry: 1_000_000, at: 120)
        script.request(at: 121)
        #expect(script.report(at: 179) == nil)
        #expect(script.report(at: 180)?.seconds == 60)
    }

    @Test func itIsOverWhenAllThatIsAskedForComesOverNDN() {
        var script = Script()
        script.request(at: 60)
        #expect(script.notices(60...60).count == 1)
        script.observe(ndn: 1, registry: 1_000_000, at: 100)
        #expect(script.notices(61...130) == [120: .isOver])
    }

    @Test func whateverComesOverNDNEndsItWhereTheRegistryGaveNothing() {
        var script = Script()
        script.request(at: 100)
        #expect(script.report(at: 101) != nil)
        script.observe(ndn: 1, at: 102)
        #expect(script.report(at: 102) == nil)
        #expect(script.drought.lastSuccess == Self.time(102))
        // Nothing new since.
        script.observe(ndn: 1, at: 150)
        script.request(at: 161)
        #expect(script.report(at: 161) == nil)
        #expect(script.report(at: 162)?.seconds == 60)
    }

    @Test func theReasonIsTheLastOneThatSaysMoreThanThatThePathIsDown() {
        var script = Script()
        script.request(at: 60, .pathDown)
        #expect(script.report(at: 60)?.reason == "NDN path down")
        script.request(at: 61)
        script.request(at: 62, .pathDown)
        #expect(script.report(at: 62)?.reason == Self.noRoute.description)
        script.request(at: 63, .poisoned)
        #expect(script.report(at: 63)?.reason == "wrong digest lately")
    }

    @Test func itIsToldOnceAMinuteAndOnceWhenNDNBringsSomething() {
        var script = Script()
        script.drought.departed("b", Self.noRoute, now: Self.time(0))
        let told = script.notices(0...200)
        #expect(told.keys.sorted() == [60, 120, 180])
        #expect(told[120] == .lasts(.init(seconds: 120, reason: Self.noRoute.description)))
        script.observe(ndn: 9, at: 201)
        let after = script.notices(201...230)
        #expect(after == [201: .isOver])
        script.drought.arrived("b", now: Self.time(230))
        #expect(script.isUndecided(at: 289))
        #expect(!script.isUndecided(at: 290))
    }

    @Test func itIsToldOnceWhenNobodyAsksAnyMore() {
        var script = Script()
        script.request(at: 70)
        let told = script.notices(71...129)
        #expect(Array(told.keys) == [71])
        #expect(script.isUndecided(at: 130))
        let after = script.notices(130...140)
        #expect(after == [130: .isQuiet])
        #expect(!script.isUndecided(at: 140))
    }
}
