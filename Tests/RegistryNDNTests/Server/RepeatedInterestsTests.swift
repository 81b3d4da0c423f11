import NIOCore
import Testing

@testable import RegistryNDN

@Suite("Repeated Interests at the server") struct RepeatedInterestsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func after(_ milliseconds: Int64) -> NIODeadline { start + .milliseconds(milliseconds) }

    /// One that has been asked, and has answered after 50 ms.
    private func known() -> RepeatedInterests {
        var face = RepeatedInterests()
        _ = face.judge(age: .milliseconds(10), now: start)
        face.heard(now: after(50))
        return face
    }

    @Test func everythingIsAnsweredUntilThePeerSaysHowFarItIs() {
        var face = RepeatedInterests()
        let first = face.judge(age: .milliseconds(10), now: start)
        #expect(first == .init(isAnswered: true, asks: true))
        let second = face.judge(age: .milliseconds(20), now: after(10))
        #expect(second == .init(isAnswered: true, asks: false), "it is asked once a second")
        let later = face.judge(age: .milliseconds(20), now: after(1000))
        #expect(later == .init(isAnswered: true, asks: true))
    }

    @Test func dataThatCannotHaveArrivedIsNotSentAgain() {
        var face = known()
        let early = face.judge(age: .milliseconds(49), now: after(100))
        #expect(early == .init(isAnswered: false, asks: false))
        let late = face.judge(age: .milliseconds(50), now: after(101))
        #expect(late == .init(isAnswered: true, asks: false))
    }

    @Test func theShorterOfTwoRoundTripsCounts() {
        var face = known()
        _ = face.judge(age: .milliseconds(10), now: after(1000))
        face.heard(now: after(1120))
        let between = face.judge(age: .milliseconds(80), now: after(1200))
        #expect(between.isAnswered)
        _ = face.judge(age: .milliseconds(10), now: after(2000))
        face.heard(now: after(2110))
        let now = face.judge(age: .milliseconds(80), now: after(2200))
        #expect(!now.isAnswered, "two in a row took longer")
    }

    @Test func anOldAnswerSaysNothing() {
        var face = known()
        let verdict = face.judge(age: .milliseconds(10), now: after(10_050))
        #expect(verdict == .init(isAnswered: true, asks: true))
    }

    @Test func whoAsksAgainAfterASecondIsAnswered() {
        var face = RepeatedInterests()
        _ = face.judge(age: .milliseconds(10), now: start)
        face.heard(now: after(3000))
        let verdict = face.judge(age: .milliseconds(1000), now: after(3001))
        #expect(verdict == .init(isAnswered: true, asks: false))
    }

    /// An answer that nobody waits for is not one.
    @Test func aSecondAnswerIsNone() {
        var face = known()
        face.heard(now: after(900))
        let verdict = face.judge(age: .milliseconds(60), now: after(901))
        #expect(verdict.isAnswered)
    }
}
