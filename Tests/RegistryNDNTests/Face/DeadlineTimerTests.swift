import NIOCore
import NIOEmbedded
import Testing

@testable import NDN

@Suite struct DeadlineTimerTests {
    private let loop = EmbeddedEventLoop()

    @Test func theEarliestDeadlineFiresOnceAndThenTheNextIsAskedFor() {
        let timer = DeadlineTimer(on: loop)
        var fired: [NIODeadline] = []
        timer.onDeadline = { fired.append(loop.now) }
        let start = loop.now
        timer.schedule(at: nil)
        timer.schedule(at: start + .seconds(5))
        timer.schedule(at: start + .seconds(2))
        timer.schedule(at: start + .seconds(3))
        loop.advanceTime(by: .seconds(1))
        #expect(fired.isEmpty)
        loop.advanceTime(by: .seconds(9))
        #expect(fired == [start + .seconds(2)])
        timer.schedule(at: start + .seconds(12))
        loop.advanceTime(by: .seconds(9))
        #expect(fired == [start + .seconds(2), start + .seconds(12)])
    }

    @Test func theHandlerMayScheduleAgain() {
        let timer = DeadlineTimer(on: loop)
        var count = 0
        timer.onDeadline = { [unowned timer] in
            count += 1
            timer.schedule(at: loop.now + .seconds(1))
        }
        timer.schedule(at: loop.now + .seconds(1))
        for _ in 0..<3 { loop.advanceTime(by: .seconds(1)) }
        #expect(count == 3)
    }

    @Test func aCancelledTimerIsSilentAndLetsGoOfItsHandler() {
        let timer = DeadlineTimer(on: loop)
        var owner: DeadlineTimer? = DeadlineTimer(on: loop)
        weak let kept = owner
        timer.onDeadline = { [owner] in
            _ = owner
            Issue.record("fired")
        }
        owner = nil
        timer.schedule(at: loop.now + .seconds(1))
        #expect(kept != nil)
        timer.cancel()
        #expect(kept == nil)
        timer.schedule(at: loop.now + .seconds(1))
        loop.advanceTime(by: .seconds(5))
    }

    @Test func aTimerWithoutAnOwnerIsSilent() {
        var timer: DeadlineTimer? = DeadlineTimer(on: loop)
        timer?.onDeadline = { Issue.record("fired") }
        timer?.schedule(at: loop.now + .seconds(1))
        timer = nil
        loop.advanceTime(by: .seconds(5))
    }
}
