import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct ReadCoalescingTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func singlePacketsAreNotDelayed() {
        var coalescing = ReadCoalescing()
        for exchange in 0..<10 {
            #expect(coalescing.delay(after: 1, awaited: 0, now: start + .milliseconds(Int64(exchange))) == nil)
        }
    }

    @Test func aBusyStreamIsReadALittleLater() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, awaited: 0, now: start) == nil)
        var now = start + .microseconds(40)
        for _ in 0..<10 {
            #expect(coalescing.delay(after: 6, awaited: 0, now: now) == ReadCoalescing.interval)
            now = now + ReadCoalescing.interval + .microseconds(30)
        }
        now = now + .milliseconds(1)
        #expect(coalescing.delay(after: 1, awaited: 0, now: now) == nil, "it has become quiet")
    }

    @Test func aDelayThatFoundOnePacketIsNotRepeated() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, awaited: 0, now: start) == nil)
        let second = start + ReadCoalescing.interval - .microseconds(1)
        #expect(coalescing.delay(after: 1, awaited: 0, now: second) == ReadCoalescing.interval)
        #expect(coalescing.delay(after: 1, awaited: 0, now: second + ReadCoalescing.interval) == nil)
    }

    @Test func nothingIsWonByWaitingForMoreThanEnoughOrForNothing() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, awaited: 0, now: start) == nil)
        #expect(coalescing.delay(after: ReadCoalescing.enough, awaited: 0, now: start + .microseconds(40)) == nil)
        // A part of an element.
        #expect(coalescing.delay(after: 0, awaited: 0, now: start + .microseconds(80)) == nil)
    }

    @Test func aDelayTakesASixteenthOfALongRoundTrip() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, awaited: 80, now: start) == nil)
        // 80 under way, one each 640 us: a round trip of 51.2 ms.
        var now = start + .microseconds(640)
        #expect(coalescing.delay(after: 1, awaited: 80, now: now) == .microseconds(3200))
        now = now + .microseconds(3200)
        #expect(
            coalescing.delay(after: 5, awaited: 80, now: now) == .microseconds(3200), "the same pace, so the same delay"
        )
    }

    @Test func aLongDelayIsBoundedHoweverManyAreUnderWay() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, awaited: .max, now: start) == nil)
        let second = start + .milliseconds(3)
        #expect(coalescing.delay(after: 1, awaited: 1 << 20, now: second) == ReadCoalescing.longestInterval)
        #expect(coalescing.delay(after: 1, awaited: 1 << 20, now: second + ReadCoalescing.longestInterval) == nil)
    }

    @Test func aFewUnderWayAreNotDelayed() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, awaited: 16, now: start) == nil)
        #expect(coalescing.delay(after: 1, awaited: 16, now: start + .milliseconds(1)) == nil)
    }
}
