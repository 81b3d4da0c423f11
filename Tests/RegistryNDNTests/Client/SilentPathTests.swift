import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Client: a path that leaves most of what it is asked for unanswered")
struct SilentPathTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// Looks once a second; `each` says what a second brings: Interests, segments.
    private func looks(
        _ seconds: Int, outstanding: UInt64 = 4, isAwaited: (Int) -> Bool = { _ in true },
        each: (Int) -> (UInt64, UInt64)
    ) -> [Double?] {
        var watch = SilenceWatch()
        var counts = SilenceWatch.Counts()
        counts.outstanding = outstanding
        return (0..<seconds).map { second in
            let (interests, segments) = each(second)
            counts.interests += interests
            counts.segments += segments
            counts.octets += segments * 8000
            return watch.observe(counts, isAwaited: isAwaited(second), now: start + .seconds(Int64(second)))
        }
    }

    @Test("Silence is told after five seconds of it, and how much came meanwhile")
    func silence() {
        let silent = looks(7) { ($0 == 0 ? 0 : 4, $0 % 4 == 3 ? 1 : 0) }
        #expect(silent.prefix(5).allSatisfy { $0 == nil })
        #expect(silent[5] == 1600 && silent[6] == 1600)
    }

    @Test("One segment each four seconds, each Interest answered in the end, is silence too")
    func trickle() {
        #expect(looks(12) { ($0 % 4 == 0 ? 1 : 0, $0 % 4 == 0 ? 1 : 0) }.last != .some(nil))
    }

    @Test("A third lost, a long flight, a reader that rests, and nothing asked for are none")
    func alive() {
        #expect(looks(20) { _ in (150, 100) }.allSatisfy { $0 == nil })
        #expect(looks(20, outstanding: 1000) { _ in (1000, 1000) }.allSatisfy { $0 == nil })
        #expect(looks(20, isAwaited: { $0 % 4 != 0 }) { _ in (4, 0) }.allSatisfy { $0 == nil })
        #expect(looks(20, outstanding: 0) { _ in (0, 0) }.allSatisfy { $0 == nil })
    }

    @Test("A path is left for a minute when the upstream is twice as fast; answers and failures change nothing")
    func left() {
        var health = PathHealth<Int>()
        let begins = health.beginsTrial(now: start)
        #expect(begins)
        let again = health.beginsTrial(now: start + .seconds(59))
        #expect(!again, "one comparison a minute")
        let minutes = health.tried(path: 20_000, upstream: 40_000, now: start)
        #expect(minutes == 1 && !health.isUsable(now: start + .seconds(59)))
        #expect(health.obstacle(now: start + .seconds(59))?.reason == .pathLeft)
        #expect(health.obstacle(now: start + .seconds(60)) == nil)
        let (isUp, isDown) = (
            health.answered(now: start + .seconds(5)), health.failed(1, isCertain: true, now: start + .seconds(6))
        )
        #expect(!isUp && !isDown && !health.isUsable(now: start + .seconds(59)))
        guard case .none = health.nextProbe(now: start + .seconds(7)) else {
            Issue.record("it is probed")
            return
        }
        #expect(health.isUsable(now: start + .seconds(60)))
        let isBack = health.answered(now: start + .seconds(61))
        #expect(isBack)
    }

    @Test(
        "A path that stays slow is left for twice as long each time, up to ten minutes; a good time in between is remembered"
    )
    func leftAgain() {
        var health = PathHealth<Int>()
        var now = start
        var minutes: [Int?] = []
        for _ in 0..<6 {
            minutes.append(health.tried(path: 1, upstream: 2, now: now))
            now = now + .minutes(Int64(minutes.last! ?? 0) + 1)
        }
        #expect(minutes == [1, 2, 4, 8, 10, 10])
        let soon = health.tried(path: 1, upstream: 2, now: now + .minutes(8))
        #expect(soon == 10)
        let late = health.tried(path: 1, upstream: 2, now: now + .minutes(8 + 10 + 10))
        #expect(late == 1)
    }

    @Test("A thin line is left for nothing: the upstream has the same one")
    func thin() {
        var health = PathHealth<Int>()
        for (path, upstream) in [(20_000, 39_999), (20_000, 0), (0, 0)] as [(Double, Double)] {
            let minutes = health.tried(path: path, upstream: upstream, now: start)
            #expect(minutes == nil && health.isUsable(now: start))
        }
    }
}
