import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder

@Suite("Forwarder: several next hops")
struct ForwardingHealthTests {
    private func keep(_ face: UInt64, _ script: ForwardingScript, isUp: Bool = true) {
        script.core.keepFace(face, for: .operators)
        script.core.changeFace(face, isUp: isUp, isLocal: false, isReached: false, now: script.now)
    }

    private func health(of face: UInt64, _ script: ForwardingScript) -> FaceStatus.Health? {
        var status = FaceStatus()
        status.faceID = face
        return script.core.withHealth(status, now: script.now).health
    }

    @Test func aFaceThatIsDownKeepsItsRoutesAndGetsNothing() throws {
        let script = ForwardingScript()
        keep(20, script, isUp: false)
        try script.route("/a", to: 20)
        #expect(try script.interest(Packets.interest("/a/1"), from: 2) == ["N 2 /a/1 noRoute nonce 1"])
        try script.route("/a", to: 3, cost: 9)
        #expect(try script.interest(Packets.interest("/a/2"), from: 2) == ["I 3 /a/2 nonce 1"])
        script.core.changeFace(20, isUp: true, isLocal: false, isReached: false, now: script.now)
        #expect(try script.interest(Packets.interest("/a/3"), from: 2) == ["I 20 /a/3 nonce 1"])
        #expect(script.core.routes.list(now: script.now).first?.routes.count == 2)
        script.core.removeFace(20)
        #expect(!script.core.hasRoute(to: 20))
    }

    @Test func whetherANextHopAnswersIsTold() throws {
        let script = ForwardingScript()
        keep(20, script, isUp: false)
        func health(_ face: UInt64 = 20) -> FaceStatus.Health? { self.health(of: face, script) }
        #expect(health() == .down)
        script.core.changeFace(20, isUp: true, isLocal: false, isReached: false, now: script.now)
        try script.route("/a", to: 20)
        #expect(health() == .untried)
        script.interest(try Packets.interest("/a/1"), from: 2)
        script.wait(.milliseconds(900))
        #expect(health() == .untried, "an answer may still come")
        script.wait(.milliseconds(100))
        #expect(health() == .silent)
        script.data(try Packets.data("/a/1"), from: 20)
        #expect(health() == .answers)
        #expect(health(2) == nil, "no route leads there")
        try script.route("/b", to: 3)
        #expect(health(3) == .untried)
        try script.route("/a", to: 3, cost: 1)
        let refused = try Packets.interest("/a/2", nonce: 1)
        #expect(script.interest(refused, from: 2) == ["I 20 /a/2 nonce 1"])
        #expect(script.nack(.congestion, refused, from: 20) == ["I 3 /a/2 nonce 1"])
        #expect(health() == .refuses)
        script.data(try Packets.data("/a/3"), from: 20)
        #expect(health() == .answers, "the one that refuses gets a copy now and then, and this may be its answer")
    }

    /// A server that has a blob says nothing when it is asked for the blob's metadata.
    @Test func whatIsAnsweredBySilenceMakesNobodySilent() throws {
        let script = ForwardingScript()
        keep(20, script)
        keep(21, script)
        try script.route("/a", to: 20, cost: 1)
        try script.route("/a", to: 21, cost: 2)
        script.interest(try Packets.interest("/a/1"), from: 2)
        script.data(try Packets.data("/a/1"), from: 20)
        #expect(try script.interest(Packets.interest("/a/32=metadata"), from: 2) == ["I 20 /a/32=metadata nonce 1"])
        script.wait(.seconds(3))
        #expect(health(of: 20, script) == .answers && health(of: 21, script) == .untried)
        #expect(try script.interest(Packets.interest("/a/2"), from: 2).first == "I 20 /a/2 nonce 1")
        script.wait(.seconds(3))
        #expect(health(of: 20, script) == .silent)
    }

    @Test func theNextOneTakesOverFromASilentOneUntilThatAnswers() throws {
        let script = ForwardingScript()
        keep(20, script)
        keep(21, script)
        try script.route("/a", to: 20, cost: 1)
        try script.route("/a", to: 21, cost: 2)
        #expect(try script.interest(Packets.interest("/a/1"), from: 2) == ["I 20 /a/1 nonce 1"])
        script.wait(.milliseconds(10))
        script.data(try Packets.data("/a/1"), from: 20)
        #expect(try script.interest(Packets.interest("/a/2", nonce: 1), from: 2) == ["I 20 /a/2 nonce 1"])
        script.wait(.milliseconds(300))
        #expect(try script.interest(Packets.interest("/a/2", nonce: 2), from: 2) == ["I 21 /a/2 nonce 2"])
        script.data(try Packets.data("/a/2"), from: 21)
        script.wait(.milliseconds(300))
        // Silent by now: it is asked a question, and gets a copy of one Interest.
        #expect(
            try script.interest(Packets.interest("/a/3"), from: 2) == ["I 21 /a/3 nonce 1", "I 20 /a/3 nonce 1"])
        #expect(try script.interest(Packets.interest("/a/4"), from: 2) == ["I 21 /a/4 nonce 1"])
        #expect(try script.data(Packets.data("/a/3"), from: 21) == ["D 2 /a/3"])
        #expect(try script.data(Packets.data("/a/3"), from: 20) == [], "it lives")
        #expect(try script.interest(Packets.interest("/a/5"), from: 2) == ["I 20 /a/5 nonce 1"])
    }

    @Test func whereNobodyAnswersIsNoRoute() throws {
        let script = ForwardingScript()
        keep(20, script)
        try script.route("/a", to: 20)
        script.interest(try Packets.interest("/a/0"), from: 2)
        script.wait(.seconds(1))
        #expect(script.sentNames == ["/localhop/nfd/rib/list"], "asked whether it lives")
        // Until it counts as dead, Interests go on.
        #expect(try script.interest(Packets.interest("/a/1"), from: 2) == ["I 20 /a/1 nonce 1"])
        for _ in 0..<5 { script.wait(.seconds(1)) }
        let answers = try (2...5).map { try script.interest(Packets.interest("/a/\($0)"), from: 2) }
        #expect(
            answers == [
                ["I 20 /a/2 nonce 1"], ["N 2 /a/3 noRoute nonce 1"], ["N 2 /a/4 noRoute nonce 1"],
                ["N 2 /a/5 noRoute nonce 1"],
            ])
        // Whatever it says, it lives.
        script.nack(.noRoute, try Packets.interest("/localhop/nfd/rib/list", canBePrefix: true), from: 20)
        #expect(try script.interest(Packets.interest("/a/6"), from: 2) == ["I 20 /a/6 nonce 1"])
        #expect(script.core.deadline != nil)
    }

    @Test func aPeerThatLacksANameIsNotSilent() throws {
        let script = ForwardingScript()
        keep(20, script)
        try script.route("/a", to: 20)
        script.interest(try Packets.interest("/a/lacking"), from: 2)
        script.wait(.seconds(1))
        script.nack(.noRoute, try Packets.interest("/localhop/nfd/rib/list", canBePrefix: true), from: 20)
        script.wait(.seconds(10))
        #expect(try script.interest(Packets.interest("/a/1"), from: 2) == ["I 20 /a/1 nonce 1"])
        #expect(try script.interest(Packets.interest("/a/2"), from: 2) == ["I 20 /a/2 nonce 1"])
    }

    @Test func anotherTakesOverFromOneThatAnswersOnlyWhetherItLives() throws {
        let script = ForwardingScript()
        keep(20, script)
        keep(21, script)
        try script.route("/a", to: 20, cost: 1)
        try script.route("/a", to: 21, cost: 2)
        let answer = try Packets.interest("/localhop/nfd/rib/list", canBePrefix: true)
        #expect(try script.interest(Packets.interest("/a/1"), from: 2) == ["I 20 /a/1 nonce 1"])
        script.wait(.seconds(1))
        #expect(script.sentNames == ["/localhop/nfd/rib/list"])
        script.nack(.noRoute, answer, from: 20)
        // A copy, to find out whether it serves again; nobody waits for that.
        #expect(
            try script.interest(Packets.interest("/a/2"), from: 2) == ["I 21 /a/2 nonce 1", "I 20 /a/2 nonce 1"])
        #expect(try script.data(Packets.data("/a/2"), from: 21) == ["D 2 /a/2"])
        #expect(try script.interest(Packets.interest("/a/3"), from: 2) == ["I 21 /a/3 nonce 1"])
        script.data(try Packets.data("/a/3"), from: 21)
        var copies = 0
        for second in 1...40 as ClosedRange<UInt32> {
            script.wait(.seconds(1))
            if script.sentNames.contains("/localhop/nfd/rib/list") { script.nack(.noRoute, answer, from: 20) }
            let sent = try script.interest(Packets.interest("/a/s\(second)"), from: 2)
            #expect(sent.first == "I 21 /a/s\(second) nonce 1")
            copies += sent.count - 1
            script.data(try Packets.data("/a/s\(second)"), from: 21)
        }
        #expect(copies == 5, "after 1, 3, 7, 15 and 31 s")
        script.data(try Packets.data("/a/s40"), from: 20)
        #expect(try script.interest(Packets.interest("/a/4"), from: 2) == ["I 20 /a/4 nonce 1"])
    }

    @Test func oneThatRefusesIsNotAskedFirstUntilItServes() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2, cost: 1)
        try script.route("/a", to: 3, cost: 2)
        try script.route("/b", to: 2, cost: 1)
        try script.route("/b", to: 3, cost: 2)
        #expect(try script.interest(Packets.interest("/a/1"), from: 5) == ["I 2 /a/1 nonce 1"])
        #expect(script.nack(.congestion, try Packets.interest("/a/1", nonce: 1), from: 2) == ["I 3 /a/1 nonce 1"])
        script.data(try Packets.data("/a/1"), from: 3)
        #expect(try script.interest(Packets.interest("/a/2"), from: 5) == ["I 3 /a/2 nonce 1"])
        script.data(try Packets.data("/a/2"), from: 3)
        #expect(try script.interest(Packets.interest("/b/1"), from: 5) == ["I 2 /b/1 nonce 1"], "another prefix")
        script.data(try Packets.data("/b/1"), from: 2)
        script.wait(.seconds(1))
        #expect(
            try script.interest(Packets.interest("/a/3"), from: 5) == ["I 3 /a/3 nonce 1", "I 2 /a/3 nonce 1"])
        #expect(script.nack(.congestion, try Packets.interest("/a/3", nonce: 1), from: 2) == [])
        script.data(try Packets.data("/a/3"), from: 3)
        script.wait(.seconds(1))
        #expect(try script.interest(Packets.interest("/a/4"), from: 5) == ["I 3 /a/4 nonce 1"])
        script.data(try Packets.data("/a/4"), from: 3)
        script.wait(.seconds(1))
        #expect(
            try script.interest(Packets.interest("/a/5"), from: 5) == ["I 3 /a/5 nonce 1", "I 2 /a/5 nonce 1"])
        script.data(try Packets.data("/a/5"), from: 2)
        #expect(try script.interest(Packets.interest("/a/6"), from: 5) == ["I 2 /a/6 nonce 1"])
    }

    @Test func aRefusalCountsThoughTheInterestIsAnswered() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2, cost: 1)
        try script.route("/a", to: 3, cost: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1), from: 5)
        script.wait(.milliseconds(300))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 2), from: 5) == ["I 3 /a/1 nonce 2"])
        script.data(try Packets.data("/a/1"), from: 3)
        script.nack(.noRoute, try Packets.interest("/a/1", nonce: 1), from: 2)
        #expect(try script.interest(Packets.interest("/a/2"), from: 5) == ["I 3 /a/2 nonce 1"])
    }

    @Test func whereAllRefuseTheBestIsAskedFirst() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2, cost: 1)
        try script.route("/a", to: 3, cost: 2)
        for number in 1...3 {
            #expect(
                try script.interest(Packets.interest("/a/\(number)"), from: 5) == ["I 2 /a/\(number) nonce 1"])
            let refused = try Packets.interest("/a/\(number)", nonce: 1)
            #expect(script.nack(.noRoute, refused, from: 2) == ["I 3 /a/\(number) nonce 1"])
            #expect(script.nack(.noRoute, refused, from: 3) == ["N 5 /a/\(number) noRoute nonce 1"])
        }
    }

    @Test func aLoopIsNoRefusal() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2, cost: 1)
        try script.route("/a", to: 3, cost: 2)
        script.interest(try Packets.interest("/a/1"), from: 5)
        script.nack(.duplicate, try Packets.interest("/a/1", nonce: 1), from: 2)
        #expect(try script.interest(Packets.interest("/a/2"), from: 5) == ["I 2 /a/2 nonce 1"])
    }

    @Test func theNearerOfEqualsIsFound() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        try script.route("/a", to: 3)
        #expect(try script.interest(Packets.interest("/a/1"), from: 5) == ["I 2 /a/1 nonce 1", "I 3 /a/1 nonce 1"])
        script.wait(.milliseconds(10))
        #expect(try script.data(Packets.data("/a/1"), from: 3) == ["D 5 /a/1"])
        #expect(try script.interest(Packets.interest("/a/2"), from: 5) == ["I 3 /a/2 nonce 1", "I 2 /a/2 nonce 1"])
        #expect(try script.interest(Packets.interest("/a/3"), from: 5) == ["I 3 /a/3 nonce 1"])
    }

    @Test func whatOneRefusesAnotherIsAskedFor() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2, cost: 1)
        try script.route("/a", to: 3, cost: 2)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 7), from: 5, token: 8) == ["I 2 /a/1 nonce 7"])
        let refused = try Packets.interest("/a/1", nonce: 7)
        #expect(script.nack(.noRoute, refused, from: 2) == ["I 3 /a/1 nonce 7"])
        #expect(script.nack(.congestion, refused, from: 3) == ["N 5 /a/1 congestion nonce 7 token 8"])
        #expect(script.core.statistics.pending == 0)
        // Not beyond what HopLimit allows.
        script.core.removeFace(3)
        try script.route("/b", to: 2, cost: 1)
        try script.route("/b", to: 6, cost: 2)
        script.interest(try Packets.interest("/b/2", nonce: 7, hopLimit: 2), from: 5)
        let last = try Packets.interest("/b/2", nonce: 7, hopLimit: 1)
        #expect(script.nack(.noRoute, last, from: 2) == ["N 5 /b/2 noRoute nonce 7"])
    }

    @Test func aRetransmissionIsToldWhenTheLastNextHopIsGone() throws {
        let script = ForwardingScript()
        keep(20, script)
        try script.route("/a", to: 20)
        script.interest(try Packets.interest("/a/1", nonce: 1), from: 2)
        script.core.changeFace(20, isUp: false, isLocal: false, isReached: false, now: script.now)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 2), from: 2) == ["N 2 /a/1 noRoute nonce 2"])
    }
}

@Suite("Forwarder: aggregation")
struct ForwardingAggregationTests {
    @Test func whoeverAsksWithinTheFirstLifetimeIsAggregated() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        #expect(
            try script.interest(Packets.interest("/a/1", nonce: 1, lifetime: 4000), from: 3) == ["I 2 /a/1 nonce 1"])
        for face in 5...9 as ClosedRange<UInt64> {
            script.wait(.milliseconds(700))
            #expect(
                try script.interest(Packets.interest("/a/1", nonce: UInt32(face), lifetime: 4000), from: face) == [])
        }
        #expect(try script.data(Packets.data("/a/1"), from: 2).count == 6)
    }

    @Test func whoAsksLaterIsNot() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1, lifetime: 1000), from: 5)
        script.wait(.milliseconds(900))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 2, lifetime: 4000), from: 6) == [])
        script.wait(.milliseconds(200))
        #expect(
            try script.interest(Packets.interest("/a/1", nonce: 3, lifetime: 4000), from: 7) == ["I 2 /a/1 nonce 3"])
    }

    @Test func aRetransmissionIsForwardedOnceForAll() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1), from: 5)
        script.wait(.milliseconds(50))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 2), from: 6) == [], "another consumer")
        script.wait(.milliseconds(150))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 3), from: 5) == ["I 2 /a/1 nonce 3"])
        #expect(try script.interest(Packets.interest("/a/1", nonce: 4), from: 6) == [], "too soon after that")
        #expect(try script.interest(Packets.interest("/a/1", nonce: 5), from: 7) == [], "another consumer again")
        script.wait(.milliseconds(200))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 6), from: 6) == ["I 2 /a/1 nonce 6"])
        #expect(try script.data(Packets.data("/a/1"), from: 2).count == 3)
    }
}
