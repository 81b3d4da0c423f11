import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder

@Suite("Forwarder: whether next hops answer")
struct HopHealthTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func silenceBeginsWithAnInterestThatNothingFollows() {
        var health = HopHealth()
        #expect(!health.isSilent(now: start + .hours(1)), "nothing was asked")
        health.asked(now: start)
        health.asked(now: start + .milliseconds(900))
        #expect(!health.isSilent(now: start + .milliseconds(999)))
        #expect(health.isSilent(now: start + .seconds(1)), "the first RTO of RFC 6298")
        #expect(!health.isDead(now: start + .milliseconds(4999)))
        #expect(health.isDead(now: start + .seconds(5)))
        health.heard(now: start + .seconds(6))
        #expect(!health.isSilent(now: start + .seconds(60)) && !health.isDead(now: start + .seconds(60)))
    }

    @Test func theTimeoutFollowsTheRoundTrip() {
        var health = HopHealth()
        for _ in 0..<50 { health.measured(.milliseconds(20)) }
        #expect(health.timeout == .milliseconds(500), "a producer may have to read first")
        for _ in 0..<50 { health.measured(.milliseconds(800)) }
        #expect(health.timeout > .milliseconds(800) && health.timeout <= .seconds(2))
        for _ in 0..<50 { health.measured(.seconds(30)) }
        #expect(health.timeout == .seconds(2))
        #expect(health.shortest == .milliseconds(20))
    }

    @Test func trialsBecomeRareUntilSomethingComes() {
        var health = HopHealth()
        health.measured(.milliseconds(10))
        #expect(!health.wantsTrial(now: start), "it answers")
        health.asked(now: start)
        var trials: [Int64] = []
        for second in 1...80 as ClosedRange<Int64> where health.wantsTrial(now: start + .seconds(second)) {
            health.tried(now: start + .seconds(second))
            trials.append(second)
        }
        #expect(trials == [1, 2, 4, 8, 16, 32, 48, 64, 80])
        health.heard(now: start + .seconds(80))
        health.asked(now: start + .seconds(81))
        #expect(health.wantsTrial(now: start + .seconds(82)))
    }

    @Test func whatWasNeverMeasuredIsTriedThoughItAnswersOthers() {
        var health = HopHealth()
        #expect(health.wantsTrial(now: start))
        health.tried(now: start)
        health.heard(now: start + .milliseconds(5))
        #expect(!health.wantsTrial(now: start + .milliseconds(999)))
        #expect(health.wantsTrial(now: start + .seconds(1)))
    }

    @Test func theAnswerToAQuestionEndsNoSilence() {
        var health = HopHealth()
        health.asked(now: start)
        health.answeredQuestion(now: start + .milliseconds(500))
        #expect(!health.isSilent(now: start + .hours(1)), "not silent yet, and nothing is awaited")
        health.asked(now: start + .seconds(2))
        health.answeredQuestion(now: start + .seconds(4))
        #expect(health.isSilent(now: start + .hours(1)) && !health.isDead(now: start + .hours(1)))
        #expect(health.questionDue == nil, "nobody has asked since")
        health.asked(now: start + .seconds(5))
        #expect(health.questionDue == start + .seconds(6) && health.isDead(now: start + .seconds(10)))
        health.heard(now: start + .seconds(11))
        #expect(!health.isSilent(now: start + .hours(1)))
    }

    @Test func questionsAreAskedOfWhatIsSilent() {
        var health = HopHealth()
        #expect(health.questionDue == nil)
        health.asked(now: start)
        #expect(health.questionDue == start + .seconds(1))
        var due: [Int64] = []
        for _ in 0..<6 {
            guard let next = health.questionDue else { break }
            due.append((next - start).nanoseconds / 1_000_000_000)
            health.questioned(now: next)
        }
        #expect(due == [1, 2, 4, 8, 16, 24])
        health.heard(now: start + .seconds(25))
        #expect(health.questionDue == nil)
    }
}

@Suite("Forwarder: choice of the next hop")
struct NextHopChoiceTests {
    private let now = NIODeadline.uptimeNanoseconds(100_000_000_000)

    private func health(rtt: Int64? = 10, silentFor seconds: Int64 = 0) -> HopHealth {
        var health = HopHealth()
        if let rtt { health.measured(.milliseconds(rtt)) }
        if seconds > 0 { health.asked(now: now - .seconds(seconds)) }
        return health
    }

    private func choose(
        _ hops: [(face: UInt64, cost: UInt64, health: HopHealth)], sent: [UInt64: Int64] = [:], questioned: Bool = true
    ) -> NextHopChoice {
        var choice = NextHopChoice(now: now)
        for hop in hops {
            choice.offer(
                NextHop(face: hop.face, cost: hop.cost), hop.health, isQuestioned: questioned,
                sent: sent[hop.face].map { now - .milliseconds($0) })
        }
        return choice
    }

    @Test func theCheapestThenTheNearest() {
        #expect(choose([]).face == nil)
        #expect(choose([(1, 5, health(rtt: 1)), (2, 3, health(rtt: 90))]).face == 2)
        #expect(choose([(1, 0, health(rtt: 90)), (2, 0, health(rtt: 1))]).face == 2)
        #expect(choose([(1, 0, health(rtt: nil)), (2, 0, health(rtt: 1))]).face == 2)
    }

    @Test func aSilentOneIsUsedWhenThereIsNoOther() {
        let silent = health(silentFor: 2)
        let both = choose([(1, 0, silent), (2, 9, health())])
        #expect(both.face == 2 && !both.isTrial)
        #expect(both.trials == [1], "it would be cheaper")
        let alone = choose([(1, 0, silent)])
        #expect(alone.face == 1 && alone.isTrial && alone.trials == [])
        #expect(choose([(1, 0, health()), (2, 9, silent)]).trials == [], "nobody wants what costs more")
    }

    @Test func nothingIsExpectedOfADeadOneButATrial() {
        var dead = health(silentFor: 6)
        #expect(choose([(1, 0, dead)]).face == 1)
        dead.tried(now: now)
        #expect(choose([(1, 0, dead)]).face == nil)
        #expect(choose([(1, 0, dead), (2, 0, health())]).face == 2)
        #expect(choose([(1, 0, dead)], questioned: false).face == 1, "who is asked no questions may only lack a name")
    }

    @Test func whatWasNeverMeasuredIsTriedBesideAnEqual() {
        #expect(choose([(1, 0, health()), (2, 0, health(rtt: nil))]).trials == [2])
        #expect(choose([(1, 0, health()), (2, 1, health(rtt: nil))]).trials == [])
    }

    @Test func retransmissionsTryTheNextThenTheOldest() {
        let hops = [(1, 0, health()), (2, 5, health())] as [(UInt64, UInt64, HopHealth)]
        #expect(choose(hops, sent: [1: 20]).face == 2)
        #expect(choose(hops, sent: [1: 40, 2: 20]).face == 1)
        #expect(choose(hops, sent: [1: 20, 2: 40]).face == 2)
        let silent = [(1, 0, health()), (2, 5, health(silentFor: 2))] as [(UInt64, UInt64, HopHealth)]
        #expect(choose(silent, sent: [1: 20]).face == 1, "rather again to who answers")
    }
}

@Suite("Forwarder: refusals of next hops")
struct HopRefusalsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let prefix = Name([.generic("a")])

    @Test func trialsBecomeRareUntilDataComes() {
        var refusals = HopRefusals(capacity: 2)
        #expect(refusals.standing(of: 1, for: prefix, now: start) == .willing)
        let hasRefused = refusals.tried(1, prefix, now: start)
        #expect(!hasRefused)
        refusals.refused(1, prefix, now: start)
        var trials: [Int64] = []
        for second in 0...70 as ClosedRange<Int64> {
            let now = start + .seconds(second)
            guard refusals.standing(of: 1, for: prefix, now: now) == .due else { continue }
            let isRefusing = refusals.tried(1, prefix, now: now)
            #expect(isRefusing)
            refusals.refused(1, prefix, now: now)
            trials.append(second)
        }
        #expect(trials == [1, 3, 7, 15, 31, 47, 63])
        #expect(refusals.standing(of: 2, for: prefix, now: start) == .willing)
        #expect(refusals.standing(of: 1, for: Name([.generic("b")]), now: start) == .willing)
        refusals.served(1, prefix)
        #expect(refusals.standing(of: 1, for: prefix, now: start) == .willing && refusals.isEmpty)
    }

    @Test func faceAndCapacityBoundWhatIsRemembered() {
        var refusals = HopRefusals(capacity: 2)
        refusals.refused(1, prefix, now: start)
        refusals.refused(2, prefix, now: start)
        refusals.removeFace(1)
        #expect(refusals.standing(of: 1, for: prefix, now: start) == .willing)
        refusals.refused(3, prefix, now: start)
        refusals.refused(4, prefix, now: start)
        #expect(refusals.standing(of: 2, for: prefix, now: start) == .willing, "forgotten with all others")
        #expect(refusals.standing(of: 4, for: prefix, now: start) == .refusing)
    }
}
