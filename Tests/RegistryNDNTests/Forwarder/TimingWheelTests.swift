import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

@Suite("Forwarder: TimingWheel")
struct TimingWheelTests {
    private let start = NIODeadline.uptimeNanoseconds(5_000_000_000)

    private func drain(_ wheel: inout TimingWheel, at now: NIODeadline) -> [Int] {
        var items: [Int] = []
        while let item = wheel.next(now: now) { items.append(item) }
        return items.sorted()
    }

    @Test func itemsComeWhenTheyAreDue() {
        var wheel = TimingWheel()
        wheel.schedule(0, at: start + .milliseconds(100), now: start)
        wheel.schedule(1, at: start + .milliseconds(500), now: start)
        #expect(drain(&wheel, at: start + .milliseconds(99)) == [])
        #expect(drain(&wheel, at: start + .milliseconds(116)) == [0])
        #expect(drain(&wheel, at: start + .milliseconds(516)) == [1])
        #expect(wheel.deadline == nil)
    }

    @Test func neverBeforeTheirTimeWithinTheRing() {
        var wheel = TimingWheel()
        let due = start + .nanoseconds(123_456_789)
        wheel.schedule(3, at: due, now: start)
        #expect(drain(&wheel, at: due - .nanoseconds(1)) == [])
        #expect(wheel.deadline.map { $0 >= due && $0 < due + .milliseconds(17) } == true)
    }

    @Test func cancelledItemsDoNotCome() {
        var wheel = TimingWheel()
        for item in 0..<5 { wheel.schedule(item, at: start + .milliseconds(50), now: start) }
        wheel.cancel(2)
        wheel.cancel(4)
        wheel.cancel(4)
        #expect(drain(&wheel, at: start + .seconds(1)) == [0, 1, 3])
    }

    @Test func reschedulingMoves() {
        var wheel = TimingWheel()
        wheel.schedule(0, at: start + .milliseconds(50), now: start)
        wheel.schedule(0, at: start + .seconds(2), now: start)
        #expect(drain(&wheel, at: start + .seconds(1)) == [])
        #expect(drain(&wheel, at: start + .seconds(3)) == [0])
    }

    @Test func beyondTheRingAnItemComesEarlyAndStaysWithinIt() {
        var wheel = TimingWheel()
        wheel.schedule(0, at: start + .seconds(60), now: start)
        let deadline = wheel.deadline
        #expect(deadline.map { $0 < start + .seconds(17) } == true)
        #expect(drain(&wheel, at: start + .seconds(61)) == [0])
    }

    @Test func aLongSleepMissesNothing() {
        var wheel = TimingWheel()
        for item in 0..<1000 {
            wheel.schedule(item, at: start + .milliseconds(Int64(item * 15)), now: start)
        }
        #expect(drain(&wheel, at: start + .hours(5)) == Array(0..<1000))
        wheel.schedule(7, at: start + .hours(5) + .milliseconds(20), now: start + .hours(5))
        #expect(drain(&wheel, at: start + .hours(5) + .milliseconds(40)) == [7])
    }

    @Test func theFarthestDeadlineDoesNotTrap() {
        var wheel = TimingWheel()
        wheel.schedule(0, at: .distantFuture, now: start)
        #expect(drain(&wheel, at: start + .seconds(1)) == [])
    }
}
