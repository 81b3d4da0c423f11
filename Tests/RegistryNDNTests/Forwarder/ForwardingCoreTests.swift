import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

@Suite("Forwarder: pipelines")
struct ForwardingCoreTests {
    @Test func anInterestGoesUpAndItsDataComesDown() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 7), from: 5, token: 99) == ["I 2 /a/1 nonce 7"])
        #expect(try script.data(Packets.data("/a/1"), from: 2, mark: 1) == ["D 5 /a/1 token 99 mark"])
        #expect(script.core.statistics.pending == 0)
        #expect(try script.data(Packets.data("/a/1"), from: 2) == [], "unsolicited now")
    }

    @Test func theStoreAnswersTheSecond() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1"), from: 5)
        script.data(try Packets.data("/a/1"), from: 2)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 2), from: 6, token: 3) == ["D 6 /a/1 token 3"])
        #expect(script.core.statistics.hits == 1)
        #expect(script.core.statistics.misses == 1)
    }

    @Test func equalInterestsAreAggregated() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 1), from: 5, token: 1) == ["I 2 /a/1 nonce 1"])
        script.wait(.seconds(1))
        #expect(try script.interest(Packets.interest("/a/1", nonce: 2), from: 6, token: 2) == [])
        #expect(
            try script.data(Packets.data("/a/1"), from: 2) == ["D 5 /a/1 token 1", "D 6 /a/1 token 2"])
    }

    @Test func differentSelectorsAreDifferentEntriesOfOneData() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1), from: 5)
        let fresh = try Packets.interest("/a/1", nonce: 2, mustBeFresh: true)
        #expect(script.interest(fresh, from: 6) == ["I 2 /a/1 nonce 2"])
        let prefix = try Packets.interest("/a", nonce: 3, canBePrefix: true)
        #expect(script.interest(prefix, from: 7) == ["I 2 /a nonce 3"])
        let sent = try script.data(Packets.data("/a/1"), from: 2)
        #expect(Set(sent) == ["D 5 /a/1", "D 6 /a/1", "D 7 /a/1"])
        #expect(script.core.statistics.pending == 0)
    }

    @Test func implicitDigestNamesOnePacket() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        let data = try Packets.data("/a/1")
        script.interest(try Packets.interest("/a/1/sha256digest=\(data.implicitDigest.hex)"), from: 5)
        #expect(try script.data(Packets.data("/a/1", content: "other"), from: 2) == [])
        #expect(script.data(data, from: 2) == ["D 5 /a/1"])
    }

    @Test func entriesTimeOut() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1, lifetime: 100), from: 5)
        #expect(script.core.statistics.pending == 1)
        #expect(script.core.deadline != nil)
        script.wait(.milliseconds(120))
        #expect(script.core.statistics.pending == 0)
        #expect(script.core.deadline == nil)
        #expect(try script.data(Packets.data("/a/1"), from: 2) == [])
    }

    @Test func anExpiredDownstreamGetsNothing() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1, lifetime: 100), from: 5)
        script.interest(try Packets.interest("/a/1", nonce: 2, lifetime: 4000), from: 6)
        script.wait(.milliseconds(300))
        #expect(try script.data(Packets.data("/a/1"), from: 2) == ["D 6 /a/1"])
    }

    @Test func aMissingNonceIsAdded() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: nil), from: 5)
        let sent = try Interest(decoding: #require(script.sent.first).packet)
        #expect(sent.nonce != nil)
    }

    @Test func dataIsTakenOnlyFromAFaceThatWasAsked() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1"), from: 5)
        #expect(try script.data(Packets.data("/a/1"), from: 6) == [])
        #expect(script.core.store.count == 0)
        #expect(try script.data(Packets.data("/a/1"), from: 2) == ["D 5 /a/1"])
    }

    @Test func hugeLifetimesAreClamped() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", lifetime: .max), from: 5)
        script.wait(.seconds(59))
        #expect(script.core.statistics.pending == 1)
        script.wait(.seconds(2))
        #expect(script.core.statistics.pending == 0)
    }

    @Test func routesVanishWithTheirFace() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1), from: 5)
        script.core.removeFace(2)
        #expect(try script.interest(Packets.interest("/a/2", nonce: 2), from: 5) == ["N 5 /a/2 noRoute nonce 2"])
        // The upstream of the pending one will never answer: a second downstream's Interest is passed on at once.
        try script.route("/a", to: 3)
        #expect(try script.interest(Packets.interest("/a/1", nonce: 3), from: 6) == ["I 3 /a/1 nonce 3"])
    }

    @Test func aDownstreamThatIsGoneIsHarmless() throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        script.interest(try Packets.interest("/a/1", nonce: 1), from: 5)
        script.core.removeFace(5)
        // Whoever performs the actions knows the face no more.
        script.data(try Packets.data("/a/1"), from: 2)
        #expect(script.core.statistics.pending == 0)
    }
}

@Suite("Forwarder: bounds")
struct ForwardingBoundsTests {
    @Test func theTableOfPendingInterestsIsBounded() throws {
        var limits = ForwardingCore.Limits()
        limits.pendingInterests = 10
        let script = ForwardingScript(limits: limits)
        try script.route("/a", to: 2)
        for face in [5, 6] as [UInt64] {
            for index in 0..<20 {
                script.interest(try Packets.interest("/a/\(face)/\(index)", nonce: 1), from: face)
            }
        }
        #expect(script.core.statistics.pending == 10)
        #expect(script.core.counters.drops == 30)
    }

    @Test func oneHostHasHalfOfItHoweverManyItsFacesAre() throws {
        var limits = ForwardingCore.Limits()
        limits.pendingInterests = 10
        let script = ForwardingScript(limits: limits)
        let host = PeerHost.v4(1)
        for face in [10, 11] as [UInt64] { _ = script.core.addFace(face, isLocal: false, host: host) }
        try script.route("/a", to: 2)
        for index in 0..<20 {
            script.interest(try Packets.interest("/a/\(index)"), from: index % 2 == 0 ? 10 : 11)
        }
        #expect(script.core.statistics.pending == 6)
        #expect(script.core.counters.drops == 14)
        #expect(try script.interest(Packets.interest("/a/other"), from: 6) == ["I 2 /a/other nonce 1"])
        #expect(try script.data(Packets.data("/a/19"), from: 2) == ["D 11 /a/19"], "the latest are still there")
        #expect(try script.data(Packets.data("/a/other"), from: 2) == ["D 6 /a/other"])
        // Faces come and go; what they have asked for still counts for the host.
        script.core.removeFace(10)
        script.core.removeFace(11)
        _ = script.core.addFace(12, isLocal: false, host: host)
        for index in 20..<40 { script.interest(try Packets.interest("/a/\(index)"), from: 12) }
        #expect(script.core.statistics.pending == 6)
        script.wait(.seconds(5))
        #expect(script.core.statistics.pending == 0)
        #expect(try script.interest(Packets.interest("/a/later", nonce: 8), from: 12) == ["I 2 /a/later nonce 8"])
    }

    @Test func whatNobodyAnswersMakesRoomInAFullTable() throws {
        var limits = ForwardingCore.Limits()
        limits.pendingInterests = 100
        let script = ForwardingScript(limits: limits)
        try script.route("/a", to: 2)
        for index in 0..<1000 {
            // Three hosts ask for what nobody has, and a fourth for what is answered 10 Interests later.
            for face in [5, 6, 7] as [UInt64] {
                script.interest(try Packets.interest("/a/\(face)/\(index)"), from: face)
            }
            #expect(
                try script.interest(Packets.interest("/a/good/\(index)"), from: 8) == ["I 2 /a/good/\(index) nonce 1"])
            guard index >= 10 else { continue }
            #expect(try script.data(Packets.data("/a/good/\(index - 10)"), from: 2) == ["D 8 /a/good/\(index - 10)"])
        }
        #expect(script.core.statistics.pending <= 100)
    }

    @Test func joiningEntriesOfOthersCountsAsWell() throws {
        var limits = ForwardingCore.Limits()
        limits.pendingInterests = 10
        let script = ForwardingScript(limits: limits)
        try script.route("/a", to: 2)
        for index in 0..<6 { script.interest(try Packets.interest("/a/\(index)", nonce: 1), from: 5) }
        let host = PeerHost.v4(1)
        for face in 10..<20 as Range<UInt64> {
            _ = script.core.addFace(face, isLocal: false, host: host)
            script.interest(try Packets.interest("/a/0", nonce: UInt32(face)), from: face)
        }
        #expect(try script.data(Packets.data("/a/0"), from: 2).count == 1 + 6)
    }

    @Test func agesAreKeptWhereverAnIndexLeaves() {
        var lists = AgeLists()
        for index in [3, 1, 2, 0] { lists.append(index, to: index == 2 ? 1 : 0) }
        #expect(lists.oldest(of: 0) == 3)
        #expect(lists.oldest(of: 1) == 2)
        #expect(lists.oldest(of: 7) == nil)
        lists.remove(1)
        lists.remove(1)
        lists.remove(3)
        #expect(lists.oldest(of: 0) == 0)
        lists.append(3, to: 0)
        lists.remove(0)
        #expect(lists.oldest(of: 0) == 3)
        lists.remove(3)
        #expect(lists.oldest(of: 0) == nil)
    }

    @Test func facesAreBounded() {
        var limits = ForwardingCore.Limits()
        limits.faces = 2
        var core = ForwardingCore(limits: limits)
        let added = (1...3).map { core.addFace($0, isLocal: true) }
        #expect(added == [true, true, false])
        core.removeFace(1)
        let addedLater = core.addFace(3, isLocal: true)
        #expect(addedLater)
    }

    @Test func deadNoncesAreBoundedAndForgotten() throws {
        var list = DeadNonceList(capacity: 3)
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let name = try Name(uri: "/a")
        for nonce in 1...4 as ClosedRange<UInt32> { list.insert(name, nonce: nonce, now: now) }
        let known = (1...4 as ClosedRange<UInt32>).map { list.contains(name, nonce: $0, now: now) }
        #expect(known == [false, true, true, true])
        let isKnownLater = list.contains(name, nonce: 4, now: now + .seconds(6))
        #expect(!isKnownLater)
    }
}
