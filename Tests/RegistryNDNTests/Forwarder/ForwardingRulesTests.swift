import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

@Suite("Forwarder: strategy and Nacks")
struct ForwardingStrategyTests {
    @Test func noRouteIsNacked() throws {
        let script = ForwardingScript()
        #expect(
            try script.interest(Packets.interest("/a", nonce: 4), from: 5, token: 8) == [
                "N 5 /a noRoute nonce 4 token 8"
            ])
        #expect(script.core.statistics.pending == 0)
    }

    @Test func neverBackToWhereItCameFrom() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        #expect(try script.interest(Packets.interest("/a/1"), from: 2) == ["N 2 /a/1 noRoute nonce 1"])
        try script.route("/a", to: 3, cost: 50)
        #expect(try script.interest(Packets.interest("/a/1"), from: 2) == ["I 3 /a/1 nonce 1"])
    }

    @Test func retransmissionsTryTheNextHopThenTheOldest() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2, cost: 1)
        try script.route("/a", to: 3, cost: 2)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 1), from: 5) == ["I 2 /a/1 nonce 1"])
        script.wait(.milliseconds(5))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 2), from: 5) == [], "suppressed for 10 ms")
        script.wait(.milliseconds(10))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 3), from: 5) == ["I 3 /a/1 nonce 3"])
        script.wait(.milliseconds(15))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 4), from: 5) == [], "suppressed for 20 ms")
        script.wait(.milliseconds(300))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 5), from: 5) == ["I 2 /a/1 nonce 5"])
        #expect(try script.data(Packets.data("/a/1"), from: 3) == ["D 5 /a/1"])
    }

    /// Consumers who wait for one lost segment all ask again; one of them is enough, until its answer could be here.
    @Test func retransmissionsWithinARoundTripArePassedOnOnce() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        try script.interest(Packets.interest("/a/1", nonce: 1), from: 5)
        script.wait(.milliseconds(50))
        try script.data(Packets.data("/a/1"), from: 2)
        try script.interest(Packets.interest("/a/2", nonce: 2), from: 5)
        try script.interest(Packets.interest("/a/2", nonce: 3), from: 6)
        script.wait(.milliseconds(49))
        #expect(try script.interest(Packets.interest("/a/2", nonce: 4), from: 6) == [])
        script.wait(.milliseconds(3))
        #expect(try script.interest(Packets.interest("/a/2", nonce: 5), from: 5) == ["I 2 /a/2 nonce 5"])
        script.wait(.milliseconds(15))
        #expect(try script.interest(Packets.interest("/a/2", nonce: 6), from: 6) == [], "its answer is on its way")
        #expect(try script.data(Packets.data("/a/2"), from: 2) == ["D 5 /a/2", "D 6 /a/2"])
    }

    @Test func forwardingHintsHelpWhereTheNameHasNoRoute() throws {
        let script = ForwardingScript()
        try script.route("/isp", to: 2)
        let hinted = try Packets.interest("/a/1", hint: ["/nowhere", "/isp/west"])
        #expect(script.interest(hinted, from: 5) == ["I 2 /a/1 nonce 1"])
    }

    @Test func nacksComeDownWhenAllUpstreamsRefuse() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2, cost: 1)
        try script.route("/a", to: 3, cost: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1), from: 5, token: 7)
        script.interest(try Packets.interest("/a/1", nonce: 2), from: 6, token: 8)
        script.wait(.milliseconds(20))
        script.interest(try Packets.interest("/a/1", nonce: 3), from: 5, token: 9)
        #expect(script.nack(.noRoute, try Packets.interest("/a/1", nonce: 1), from: 2) == [])
        #expect(
            script.nack(.congestion, try Packets.interest("/a/1", nonce: 3), from: 3) == [
                "N 5 /a/1 congestion nonce 3 token 9", "N 6 /a/1 congestion nonce 2 token 8",
            ])
        #expect(script.core.statistics.pending == 0)
    }

    @Test func staleAndForeignNacksAreIgnored() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1), from: 5)
        #expect(script.nack(.noRoute, try Packets.interest("/a/1", nonce: 9), from: 2) == [])
        #expect(script.nack(.noRoute, try Packets.interest("/a/1", nonce: 1), from: 6) == [])
        #expect(script.nack(.noRoute, try Packets.interest("/b", nonce: 1), from: 2) == [])
        #expect(try script.data(Packets.data("/a/1"), from: 2) == ["D 5 /a/1"])
    }

    @Test func aNackMayHaveLostAHop() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1, hopLimit: 9), from: 5)
        let returned = try Packets.interest("/a/1", nonce: 1, hopLimit: 7)
        #expect(script.nack(.noRoute, returned, from: 2) == ["N 5 /a/1 noRoute nonce 1"])
    }

    @Test func loopsAreNackedAsDuplicates() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1, lifetime: 1000), from: 5)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 1), from: 2) == ["N 2 /a/1 duplicate nonce 1"])
        #expect(try script.interest(Packets.interest("/a/1", nonce: 1), from: 6) == ["N 6 /a/1 duplicate nonce 1"])
        script.wait(.milliseconds(20))
        let again = try Packets.interest("/a/1", nonce: 1, lifetime: 1000)
        #expect(script.interest(again, from: 5) == ["I 2 /a/1 nonce 1"], "the same downstream's retransmission")
        script.wait(.seconds(2))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 1), from: 6) == ["N 6 /a/1 duplicate nonce 1"])
        script.wait(.seconds(7))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 1), from: 6) == ["I 2 /a/1 nonce 1"])
    }

    @Test func freshlySatisfiedNoncesAreRemembered() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1, mustBeFresh: true), from: 5)
        script.data(try Packets.data("/a/1", freshness: 10), from: 2)
        script.wait(.milliseconds(50))
        let looping = try Packets.interest("/a/1", nonce: 1, mustBeFresh: true)
        #expect(script.interest(looping, from: 6) == ["N 6 /a/1 duplicate nonce 1"])
    }
}

@Suite("Forwarder: HopLimit and scopes")
struct ForwardingScopeTests {
    @Test func hopLimitZeroIsDropped() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        #expect(try script.interest(Packets.interest("/a/1", hopLimit: 0), from: 5) == [])
    }

    @Test func hopLimitCountsDown() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 6)
        script.interest(try Packets.interest("/a/1", hopLimit: 5), from: 5)
        #expect(try Interest(decoding: #require(script.sent.first).packet).hopLimit == 4)
    }

    @Test func theLastHopReachesTheCacheAndThisHostOnly() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 6)
        #expect(
            try script.interest(Packets.interest("/a/1", nonce: 1, hopLimit: 1), from: 5) == [
                "N 5 /a/1 noRoute nonce 1"
            ])
        try script.route("/a", to: 2, cost: 10)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 2, hopLimit: 1), from: 5) == ["I 2 /a/1 nonce 2"])
        script.data(try Packets.data("/a/1"), from: 2)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 3, hopLimit: 1), from: 5) == ["D 5 /a/1"])
    }

    @Test func localhostStaysOnTheHost() throws {
        let script = ForwardingScript()
        try script.route("/localhost/app", to: 6)
        #expect(
            try script.interest(Packets.interest("/localhost/app/1"), from: 2) == [
                "N 2 /localhost/app/1 noRoute nonce 1"
            ])
        try script.route("/localhost/app", to: 3)
        #expect(try script.interest(Packets.interest("/localhost/app/1"), from: 2) == ["I 3 /localhost/app/1 nonce 1"])
        #expect(try script.interest(Packets.interest("/localhost/app/1", nonce: 2), from: 5) == [], "from outside")
        #expect(try script.interest(Packets.interest("/localhost/nfd/rib/list", canBePrefix: true), from: 5) == [])
        #expect(try script.data(Packets.data("/localhost/app/1"), from: 6) == [])
        #expect(try script.data(Packets.data("/localhost/app/1"), from: 3) == ["D 2 /localhost/app/1"])
    }

    @Test func localhopTakesOneHop() throws {
        let script = ForwardingScript()
        try script.route("/localhop/x", to: 6)
        #expect(
            try script.interest(Packets.interest("/localhop/x/1"), from: 5) == ["N 5 /localhop/x/1 noRoute nonce 1"])
        #expect(try script.interest(Packets.interest("/localhop/x/1"), from: 2) == ["I 6 /localhop/x/1 nonce 1"])
        try script.route("/localhop/x", to: 3, cost: 9)
        #expect(try script.interest(Packets.interest("/localhop/x/2"), from: 5) == ["I 3 /localhop/x/2 nonce 1"])
    }
}
