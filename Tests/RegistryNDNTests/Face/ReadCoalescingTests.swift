import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct ReadCoalescingTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func singlePacketsAreNotDelayed() {
        var coalescing = ReadCoalescing()
        for exchange in 0..<10 {
            #expect(coalescing.delay(after: 1, now: start + .milliseconds(Int64(exchange))) == nil)
        }
    }

    @Test func aBusyStreamIsReadALittleLater() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, now: start) == nil)
        var now = start + .microseconds(40)
        for _ in 0..<10 {
            #expect(coalescing.delay(after: 6, now: now) == ReadCoalescing.interval)
            now = now + ReadCoalescing.interval + .microseconds(30)
        }
        now = now + .milliseconds(1)
        #expect(coalescing.delay(after: 1, now: now) == nil, "it has become quiet")
    }

    @Test func aDelayThatFoundOnePacketIsNotRepeated() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, now: start) == nil)
        let second = start + ReadCoalescing.interval - .microseconds(1)
        #expect(coalescing.delay(after: 1, now: second) == ReadCoalescing.interval)
        #expect(coalescing.delay(after: 1, now: second + ReadCoalescing.interval) == nil)
    }

    @Test func nothingIsWonByWaitingForMoreThanEnoughOrForNothing() {
        var coalescing = ReadCoalescing()
        #expect(coalescing.delay(after: 1, now: start) == nil)
        #expect(coalescing.delay(after: ReadCoalescing.enough, now: start + .microseconds(40)) == nil)
        // A part of an element.
        #expect(coalescing.delay(after: 0, now: start + .microseconds(80)) == nil)
    }
}
