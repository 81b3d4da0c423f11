import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Client logic")
struct ClientLogicTests {
    private func chunk(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 7, count: count) }

    @Test func withholdsTheLastChunkOfABodyOfKnownSize() throws {
        var tail = WithheldTail(size: 10)
        let result1 = try tail.receive(chunk(4))?.readableBytes
        #expect(result1 == 4)
        let none = try tail.receive(chunk(0))
        #expect(none == nil)
        #expect(!tail.isComplete)
        let last = try tail.receive(chunk(6))
        #expect(last == nil)
        #expect(tail.isComplete)
        let result2 = try tail.finish()?.readableBytes
        #expect(result2 == 6)
    }

    @Test func withholdsTheLastChunkOfABodyOfUnknownSize() throws {
        var tail = WithheldTail(size: nil)
        let first = try tail.receive(chunk(4))
        #expect(first == nil)
        let result3 = try tail.receive(chunk(6))?.readableBytes
        #expect(result3 == 4)
        let result4 = try tail.receive(chunk(1))?.readableBytes
        #expect(result4 == 6)
        #expect(tail.received == 11)
        let result5 = try tail.finish()?.readableBytes
        #expect(result5 == 1)
    }

    @Test func refusesABodyOfAnotherSize() throws {
        var long = WithheldTail(size: 10)
        #expect(throws: WithheldTail.Failure.tooLong) { try long.receive(chunk(11)) }
        var short = WithheldTail(size: 10)
        _ = try short.receive(chunk(9))
        #expect(throws: WithheldTail.Failure.tooShort) { try short.finish() }
        var empty = WithheldTail(size: 0)
        #expect(empty.isComplete)
        let end = try empty.finish()
        #expect(end == nil)
        #expect(throws: WithheldTail.Failure.tooLong) { try empty.receive(chunk(1)) }
    }

    @Test func forgetsTheOldestFirst() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var set = ExpiringSet<Int>(lifetime: .minutes(10), capacity: 2)
        set.insert(1, now: start)
        set.insert(2, now: start + .minutes(1))
        let result6 = set.contains(1, now: start + .minutes(9))
        #expect(result6)
        // A second failure keeps it longer.
        set.insert(1, now: start + .minutes(9))
        set.insert(3, now: start + .minutes(9))
        let result7 = set.contains(2, now: start + .minutes(9))
        #expect(!result7)
        let result8 = set.contains(1, now: start + .minutes(18))
        #expect(result8)
        let result9 = set.contains(1, now: start + .minutes(19))
        #expect(!result9)
        #expect(set.count == 0)
    }

    @Test func skipsAFailedPathAndProbesIt() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var health = PathHealth<Int>(pause: .seconds(60), interval: .seconds(5))
        #expect(health.isUsable(now: start))
        let result10 = health.failed(1, isCertain: false, now: start)
        #expect(result10)
        let result11 = health.failed(2, isCertain: false, now: start + .seconds(1))
        #expect(!result11)
        #expect(!health.isUsable(now: start + .seconds(59)))
        #expect(health.isUsable(now: start + .seconds(60)))
        #expect(!health.isUp)
        guard case .wait(.seconds(4)) = health.nextProbe(now: start + .seconds(1)) else {
            Issue.record("no wait")
            return
        }
        guard case .probe(1) = health.nextProbe(now: start + .seconds(5)) else {
            Issue.record("no probe")
            return
        }
        guard case .wait(.seconds(5)) = health.nextProbe(now: start + .seconds(5)) else {
            Issue.record("no second wait")
            return
        }
        let result12 = health.answered(now: start + .seconds(5))
        #expect(result12)
        #expect(health.isUp)
        let result13 = health.answered(now: start + .seconds(5))
        #expect(!result13)
        #expect(health.isUsable(now: start + .seconds(6)))
        guard case .none = health.nextProbe(now: start + .seconds(6)) else {
            Issue.record("still probing")
            return
        }
        // After the pause a request tries again; its failure begins another pause.
        let result14 = health.failed(1, isCertain: false, now: start + .seconds(20))
        #expect(result14)
        let result15 = health.failed(1, isCertain: false, now: start + .seconds(80))
        #expect(!result15, "that it is down has been told")
        #expect(!health.isUsable(now: start + .seconds(81)))
    }

    /// The times of the probes from `begin` to `end`, in seconds.
    private func probes(_ health: inout PathHealth<Int>, from begin: NIODeadline, to end: NIODeadline) -> [Int64] {
        var times: [Int64] = []
        var now = begin
        while now < end {
            switch health.nextProbe(now: now) {
            case .none: return times
            case .wait(let amount):
                #expect(amount > .zero && amount <= PathHealth<Int>.interval)
                now = now + amount
            case .probe: times.append((now - begin).nanoseconds / 1_000_000_000)
            }
        }
        return times
    }

    /// The log is to say that a long outage is over though nobody pulls.
    @Test func probesOnAfterThePause() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var health = PathHealth<Int>()
        _ = health.failed(1, isCertain: true, now: start)
        let times = probes(&health, from: start, to: start + .minutes(2))
        #expect(times == Array(1...60) + [70, 80, 90, 100, 110])
        #expect(health.isUsable(now: start + .minutes(2)), "requests try it all the same")
        // A request has tried: probes are frequent again.
        let again = health.failed(2, isCertain: false, now: start + .seconds(112))
        #expect(!again, "that it is down has been told")
        #expect(probes(&health, from: start + .seconds(112), to: start + .seconds(115)) == [1, 2])
        let isBack = health.answered(now: start + .minutes(10))
        #expect(isBack)
        #expect(probes(&health, from: start + .minutes(10), to: start + .minutes(11)) == [])
    }

    @Test func saysHowThePathStands() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var health = PathHealth<Int>()
        var words: [String] = [health.standing(now: start)]
        _ = health.failed(1, isCertain: true, now: start)
        words += [health.standing(now: start), health.standing(now: start + .seconds(60))]
        _ = health.answered(now: start + .seconds(60))
        words.append(health.standing(now: start + .seconds(60)))
        _ = health.tried(path: 1, upstream: 10, now: start + .seconds(61))
        words += [health.standing(now: start + .seconds(62)), health.standing(now: start + .minutes(12))]
        #expect(words == ["not yet tried", "down", "to be tried again", "up", "left", "to be tried again"])
    }

    /// A cache has the begins of blobs, and the producer behind it is gone.
    @Test func beginsOfBlobsDoNotSpeakForAPathThatBringsNoneWhole() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var health = PathHealth<Int>()
        _ = health.answered(now: start)
        health.delivered()
        let first = health.failed(1, isCertain: false, now: start + .seconds(5))
        #expect(!first)
        _ = health.answered(now: start + .seconds(6))
        let second = health.failed(2, isCertain: false, now: start + .seconds(11))
        #expect(second && !health.isUsable(now: start + .seconds(11)))
    }

    /// A blob that nobody serves is no reason to leave a path that brings others.
    @Test func oneSilentBlobDoesNotCondemnAPathThatAnswers() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var health = PathHealth<Int>()
        _ = health.answered(now: start)
        let first = health.failed(1, isCertain: false, now: start + .seconds(2))
        #expect(!first && health.isUsable(now: start + .seconds(2)))
        _ = health.answered(now: start + .seconds(3))
        health.delivered()
        let afterAnother = health.failed(1, isCertain: false, now: start + .seconds(4))
        #expect(!afterAnother)
        let twice = health.failed(2, isCertain: false, now: start + .seconds(5))
        #expect(twice && !health.isUsable(now: start + .seconds(5)))
        _ = health.answered(now: start + .seconds(6))
        let certain = health.failed(1, isCertain: true, now: start + .seconds(7))
        #expect(certain)
    }

    /// The probe that is due; nil: none is.
    private func due(_ health: inout PathHealth<Int>, _ now: NIODeadline) -> Int? {
        if case .probe(let probe) = health.nextProbe(now: now) { probe } else { nil }
    }

    /// Nobody need pull for an outage to be noticed: the first failure asks.
    @Test func aDoubtThatProbesConfirmCondemnsThePath() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var health = PathHealth<Int>()
        _ = health.answered(1, now: start)
        #expect(due(&health, start) == 1, "whether it answers probes is found out by one")
        _ = health.probed(1, isAnswered: true, now: start)
        #expect(due(&health, start + .seconds(1)) == nil)
        let isForgiven = !health.failed(2, isCertain: false, now: start + .seconds(4))
        #expect(isForgiven)
        #expect(due(&health, start + .seconds(4)) == 2)
        let first = health.probed(2, isAnswered: false, now: start + .seconds(5))
        #expect(first == nil && health.isUsable(now: start + .seconds(5)), "one probe may have been lost")
        #expect(due(&health, start + .seconds(5)) == 2)
        let second = health.probed(2, isAnswered: false, now: start + .seconds(6))
        #expect(second == false && !health.isUsable(now: start + .seconds(6)))
        #expect(due(&health, start + .seconds(7)) == 2, "the path is probed until it answers")
        let back = health.probed(2, isAnswered: true, now: start + .seconds(7))
        #expect(back == true && health.isUsable(now: start + .seconds(7)))
    }

    @Test func aDoubtEndsWithAnAnsweredProbe() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var health = PathHealth<Int>()
        _ = health.answered(now: start)
        _ = health.failed(2, isCertain: false, now: start)
        _ = health.probed(2, isAnswered: false, now: start + .seconds(1))
        let answered = health.probed(2, isAnswered: true, now: start + .seconds(2))
        #expect(answered == nil && due(&health, start + .seconds(3)) == nil)
        #expect(health.isUsable(now: start + .seconds(3)))
    }

    /// The original server answers no probe: its silence says nothing.
    @Test func aProducerThatAnswersNoProbesIsForgivenOne() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var health = PathHealth<Int>()
        _ = health.answered(1, now: start)
        for second: Int64 in 1...2 { _ = health.probed(1, isAnswered: false, now: start + .seconds(second)) }
        #expect(due(&health, start + .seconds(3)) == nil)
        _ = health.answered(1, now: start + .seconds(3))
        #expect(due(&health, start + .seconds(3)) == nil, "that it answers none is known")
        _ = health.failed(2, isCertain: false, now: start + .seconds(4))
        for second: Int64 in 5...6 {
            let change = health.probed(2, isAnswered: false, now: start + .seconds(second))
            #expect(change == nil)
        }
        #expect(due(&health, start + .seconds(7)) == nil && health.isUsable(now: start + .seconds(7)))
    }

    @Test(
        arguments: [
            (.partial(length: 90, total: 100), 10), (.partial(length: 91, total: 101), nil),
            (.whole(length: 100), 0), (.whole(length: nil), 0), (.whole(length: 90), nil),
            (.beyondEnd(total: 5), nil), (.refused(.unauthorized), nil), (.invalid("x"), nil),
        ] as [(ByteRange.Verdict, UInt64?)])
    func knowsWhereAnAnswerBegins(verdict: ByteRange.Verdict, begin: UInt64?) throws {
        let rest = try rest(.network)
        #expect((try? rest.begin(of: verdict, asked: 10)) == begin)
    }

    private func rest(_ source: RestOfBlob.SizeSource) throws -> RestOfBlob {
        let upstream = UpstreamClient(
            base: try UpstreamURL("http://127.0.0.1:9"), group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        let blob = BlobName(
            prefix: Name(), repository: try #require(RepositoryName("a")),
            digest: ContentDigest(sha256: SHA256.hash(ByteBuffer())))
        let pull = BlobPull(
            blob: blob, wanted: .whole, head: HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"),
            references: ReferenceRewriter(base: upstream.base, target: "/"))
        return RestOfBlob(pull: pull, size: 100, sizeSource: source, upstream: upstream)
    }

    @Test(
        arguments: [
            (.network, .whole(length: 90), "wrong size: 100 over NDN, 90 at the upstream"),
            (.upstream, .whole(length: 90), "wrong size: 100 at the upstream before, 90 at the upstream now"),
            (.upstream, .beyondEnd(total: 5), "wrong size: 100 at the upstream before, less at the upstream now"),
        ] as [(RestOfBlob.SizeSource, ByteRange.Verdict, String)])
    func saysWhoseSizesContradictEachOther(
        source: RestOfBlob.SizeSource, verdict: ByteRange.Verdict, words: String
    ) throws {
        let rest = try rest(source)
        let failure = #expect(throws: BlobFailure.self) { try rest.begin(of: verdict, asked: 10) }
        #expect(failure?.description == words)
    }
}
