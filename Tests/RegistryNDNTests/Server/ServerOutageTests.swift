import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Server: a registry that is away")
struct ServerOutageTests {
    private typealias Script = ServerRangeCacheTests.Script

    /// `face:segment` of every refusal since the last call.
    private func refusals(_ script: inout Script) -> [String] {
        script.cache.refused.take().map { "\($0.waiter.face):\($0.segment)" }.sorted()
    }

    @Test func whoWaitsIsToldOnceAndThenWaits() throws {
        var script = Script()
        #expect(script.ask(0) == "waiting" && script.ask(1) == "waiting" && script.ask(1, face: 2) == "waiting")
        #expect(script.fail(script.reads()[0], .failed) == [])
        #expect(refusals(&script) == ["1:0", "1:1", "2:1"])
        #expect(script.ask(0) == "waiting", "it has been told")
        #expect(script.reads().isEmpty, "not so soon")
        #expect(script.cache.deadline(now: script.now) == script.now + .milliseconds(100))
        #expect(script.ask(2) == "refused" && script.ask(2) == "waiting")
        #expect(script.ask(0, of: "b") == "refused", "another blob")
        script.now = script.now + .milliseconds(100)
        let again = script.reads()
        #expect(again.count == 2, "the registry is asked though nobody waits for the other blob")
        _ = script.fail(again[0], .failed)
        #expect(refusals(&script) == [], "no second time")
        try script.complete(again[1], total: 300)
        #expect(script.ask(3, of: "c") == "waiting", "it is back")
    }

    @Test func aWaiterOutlastsAShortOutage() throws {
        var script = Script()
        #expect(script.ask(0) == "waiting")
        _ = script.fail(script.reads()[0], .failed)
        #expect(script.ask(0) == "waiting")
        script.now = script.now + .milliseconds(100)
        // It fails once more: who has been told does not ask again so soon.
        _ = script.fail(script.reads()[0], .failed)
        #expect(refusals(&script) == ["1:0"] && script.reads().isEmpty)
        script.now = script.now + .milliseconds(100)
        try script.complete(script.reads()[0], total: 300)
        #expect(script.answers == ["1:0"])
    }

    @Test func nobodyWaitsForEver() {
        var script = Script()
        #expect(script.ask(0, lifetime: 1 << 40) == "waiting")
        _ = script.fail(script.reads()[0], .failed)
        #expect(script.ask(0, lifetime: 1 << 40) == "waiting")
        var reads = 0
        for _ in 0..<20 {
            script.now = script.now + .milliseconds(100)
            for read in script.reads() {
                reads += 1
                _ = script.fail(read, .failed)
            }
        }
        #expect(reads == 9 && script.cache.waiters.count == 0)
    }

    @Test func silenceOfAllReadsIsAnOutage() throws {
        var script = Script()
        #expect(script.ask(0) == "waiting" && script.ask(4, of: "b", face: 2) == "waiting")
        let reads = script.reads()
        #expect(reads.count == 2)
        #expect(script.cache.outage.deadline == script.now + .seconds(2))
        script.now = script.now + .seconds(1)
        _ = try script.cache.began(reads[0].id, total: 300, now: script.now)
        script.now = script.now + .milliseconds(1999)
        var isNews = script.cache.expireOutage(now: script.now)
        #expect(!isNews && refusals(&script) == [])
        script.now = script.now + .milliseconds(1)
        isNews = script.cache.expireOutage(now: script.now)
        #expect(isNews && refusals(&script) == ["1:0", "2:4"])
        #expect(script.cache.outage.deadline == nil)
        #expect(script.ask(4, of: "b", face: 2) == "waiting" && script.ask(5, of: "b", face: 2) == "refused")
        try script.complete(reads[1], total: 800)
        #expect(script.answers == ["2:4"], "late is not never")
        #expect(script.ask(0, of: "c") == "waiting")
    }

    @Test(arguments: [ReadFailure.unknown, .refused, .beyondEnd(total: nil)])
    func aRegistryThatAnswersIsNotAway(_ failure: ReadFailure) throws {
        var script = Script()
        #expect(script.ask(0) == "waiting")
        _ = script.failIsNews(script.reads()[0], failure)
        #expect(refusals(&script) == [])
        #expect(script.ask(0, of: "b") == "waiting")
    }

    @Test func nothingIsAwaitedWithoutReads() throws {
        var script = Script()
        #expect(script.ask(0) == "waiting")
        try script.complete(script.reads()[0], total: 300)
        #expect(script.cache.outage.deadline == nil)
        let isNews = script.cache.expireOutage(now: script.now + .hours(1))
        #expect(!isNews)
    }

    @Test func whatIsPostponedIsBounded() {
        var script = Script()
        #expect(script.ask(0) == "waiting")
        _ = script.failIsNews(script.reads()[0], .beyondEnd(total: nil))
        let words = (0..<300 as Range<UInt64>).map { script.ask($0 * 4) }
        #expect(words.count { $0 == "waiting" } == 256 && words.last == "ignored")
    }

    @Test func oneRefusalForASegmentAndAFace() throws {
        var refused = RefusedInterests()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let (one, other) = (Script.name("a"), Script.name("b"))
        var told: [Bool] = []
        for (segment, blob, face, second) in [
            (0, one, 1, 0), (0, one, 1, 9), (1, one, 1, 9), (0, other, 1, 10), (0, one, 2, 10), (0, one, 1, 11),
            (1, one, 1, 12),
        ] as [(UInt64, Name, UInt64, Int64)] {
            told.append(refused.admits(segment, of: blob, from: face, now: start + .seconds(second)))
        }
        #expect(told == [true, false, true, true, true, true, false])
        let later = start + .seconds(30)
        let many = (0..<5000 as Range<UInt64>).filter { refused.admits($0, of: one, from: 3, now: later) }
        #expect(many.count == RefusedInterests.capacity, "memory is bounded, and nothing is said beyond it")
    }

    @Test func whoDoesNotHeedRefusalsGetsNoMore() {
        var refused = RefusedInterests()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var told: [Int64] = []
        for millisecond in 0..<3000 as Range<Int64> {
            let now = start + .milliseconds(millisecond)
            guard refused.admits(UInt64(millisecond), of: Script.name("a"), from: 1, now: now) else { continue }
            told.append(millisecond)
        }
        #expect(told == Array(0..<500))
        let isTold = refused.admits(0, of: Script.name("b"), from: 2, now: start + .seconds(3))
        #expect(isTold, "another face")
        let later = start + .seconds(4)
        let again = (0..<50 as Range<UInt64>).filter { refused.admits($0, of: Script.name("c"), from: 1, now: later) }
        #expect(again.count == 50, "it has asked for nothing for a while")
    }
}
