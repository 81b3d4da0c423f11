import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Discovery: which router")
struct RouterSetTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func router(_ number: Int) -> Router {
        Router(uri: FaceURI(scheme: .udp, family: .v4, host: "192.0.2.\(number)", port: 6363))
    }

    private func measured(
        _ number: Int, _ answer: RouterMeasurement.Answer, milliseconds: Int64? = nil
    ) -> RouterMeasurement {
        RouterMeasurement(
            router: router(number), answer: answer, rtt: milliseconds.map { .milliseconds($0) })
    }

    /// `#expect` takes no mutating calls.
    private func holds(
        _ condition: Bool, _ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(condition, comment, sourceLocation: location)
    }

    private func three() -> RouterSet {
        var set = RouterSet()
        set.replace(with: [
            measured(1, .router, milliseconds: 30), measured(2, .router, milliseconds: 10),
            measured(3, .router, milliseconds: 20),
        ])
        return set
    }

    @Test func theBestIsWhoReachesMoreThenWhoIsNearer() throws {
        var set = RouterSet()
        #expect(set.current == nil)
        set.replace(with: [
            measured(1, .silence), measured(2, .nack, milliseconds: 1),
            measured(3, .router, milliseconds: 2), measured(4, .producer, milliseconds: 90),
            measured(5, .producer, milliseconds: 80),
        ])
        #expect(set.current == router(5))
        #expect(set.spares == [router(4), router(3), router(2), router(1)])
    }

    @Test func theNextBestReplacesAFailedOne() throws {
        var set = three()
        #expect(set.current == router(2))
        holds(set.failed(router(2), now: start))
        #expect(set.current == router(3))
        holds(!set.failed(router(2), now: start), "a late failure of the one before")
        #expect(set.current == router(3))
        holds(set.failed(router(3), now: start + .seconds(1)))
        #expect(set.current == router(1))
    }

    @Test func whenAllFailTheOneThatRestedLongestIsUsed() throws {
        var set = three()
        for (step, number) in [2, 3, 1].enumerated() { set.failed(router(number), now: start + .seconds(Int64(step))) }
        #expect(set.current == router(2))
        set.worked(router(2))
        holds(set.failed(router(2), now: start + .seconds(10)))
        #expect(set.current == router(3))
    }

    @Test func afterTheCooldownTheBetterOneIsUsedAgain() throws {
        var set = three()
        set.failed(router(2), now: start)
        set.failed(router(3), now: start + RouterSet.cooldown)
        #expect(set.current == router(2))
    }

    @Test func aSingleRouterStays() throws {
        var set = RouterSet()
        set.replace(with: [measured(1, .router, milliseconds: 1)])
        holds(!set.failed(router(1), now: start))
        #expect(set.current == router(1))
    }

    @Test func aSearchFollowsWhenAllHaveFailedButNotTooOften() throws {
        var set = RouterSet()
        holds(set.beginsSearch(now: start), "nothing is known")
        holds(!set.beginsSearch(now: start + .seconds(1)))
        set.replace(with: [measured(1, .router, milliseconds: 1), measured(2, .router, milliseconds: 2)])
        holds(!set.beginsSearch(now: start + .seconds(40)))
        set.failed(router(1), now: start + .seconds(40))
        holds(!set.beginsSearch(now: start + .seconds(40)), "a spare is left")
        set.failed(router(2), now: start + .seconds(40))
        holds(set.beginsSearch(now: start + .seconds(40)))
        holds(!set.beginsSearch(now: start + .seconds(69)))
        holds(set.beginsSearch(now: start + .seconds(70)))
    }

    @Test func aSearchDoesNotTakeAwayARouterThatWorks() throws {
        var set = three()
        set.replace(with: [measured(2, .router, milliseconds: 50), measured(4, .producer, milliseconds: 1)])
        #expect(set.current == router(2))
        set.replace(with: [measured(2, .silence), measured(4, .producer, milliseconds: 1)])
        #expect(set.current == router(4))
    }

    @Test func whatRoutersAreAsked() throws {
        let prefix = try Name(uri: "/r")
        let plain = ProbeQuestions(name: nil, producer: try Name(uri: "/example/docker"))
        let names = plain.names(for: Router(uri: router(1).uri, prefix: prefix))
        #expect(names.map(\.answer) == [.router, .router, .producer])
        #expect(names[0].name.uri == "/localhop/nfd/rib/list")
        #expect(names[1].name.uri.hasPrefix("/r/ping/") && names[2].name.uri.hasPrefix("/example/docker/ping/"))
        let own = ProbeQuestions(name: prefix, producer: prefix)
        #expect(own.names(for: router(1)).map(\.name) == [prefix])
    }

    @Test func pingStatistics() {
        var statistics = PingStatistics()
        #expect(statistics.lossPercent == 0 && statistics.average == nil)
        for outcome in [
            Pinger.Outcome.data(contentType: 0, rtt: .milliseconds(2)), .timeout,
            .nack(.noRoute, rtt: .milliseconds(1)),
            .data(contentType: 3, rtt: .milliseconds(4)),
        ] {
            statistics.add(outcome)
        }
        #expect(statistics.sent == 4 && statistics.received == 2 && statistics.nacks == 1)
        #expect(statistics.lossPercent == 50)
        #expect(statistics.minimum == .milliseconds(2) && statistics.maximum == .milliseconds(4))
        #expect(statistics.average == .milliseconds(3))
    }
}
