import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Face: when a connection is dead, and what is tried next")
struct ConnectionMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let first: SocketAddress
    private let second: SocketAddress
    private let moved: SocketAddress

    init() throws {
        first = try SocketAddress(ipAddress: "192.0.2.1", port: 6363)
        second = try SocketAddress(ipAddress: "192.0.2.2", port: 6363)
        moved = try SocketAddress(ipAddress: "198.51.100.7", port: 6363)
    }

    private func machine() -> ConnectionMachine {
        var timing = ConnectionMachine.Timing()
        timing.random = { 0 }
        return ConnectionMachine(
            timing: timing, backoff: Backoff(minimum: .milliseconds(100), maximum: .seconds(3)))
    }

    /// Connected to the first of these addresses; something came from it unless `isSilent`.
    private func connected(_ addresses: [SocketAddress], isSilent: Bool = false) -> ConnectionMachine {
        var machine = machine()
        _ = machine.start()
        _ = machine.resolved(addresses)
        _ = machine.opened(now: start)
        if !isSilent { _ = machine.heard() }
        return machine
    }

    /// What is done from `now` on while Interests leave and nothing comes back, each with its time in ms.
    private func silence(
        _ machine: inout ConnectionMachine, _ now: inout NIODeadline, until end: Int64,
        lookUp: [SocketAddress]? = nil
    ) -> [(Int64, ConnectionMachine.Action)] {
        var done: [(Int64, ConnectionMachine.Action)] = []
        let end = start + .milliseconds(end)
        machine.asked(now: now)
        while let deadline = machine.deadline, deadline <= end {
            now = deadline
            var action = machine.timerFired(now: now)
            done.append(((now - start).nanoseconds / 1_000_000, action))
            if case .open(_, looksUp: true) = action, let lookUp {
                action = machine.resolved(lookUp)
                if action != .none { done.append(((now - start).nanoseconds / 1_000_000, action)) }
            }
            if case .open = done.last?.1 {
                action = machine.opened(now: now)
                done.append(((now - start).nanoseconds / 1_000_000, action))
                machine.asked(now: now)
            }
        }
        return done
    }

    private func expect(
        _ action: ConnectionMachine.Action, _ expected: ConnectionMachine.Action, _ comment: Comment? = nil,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(action == expected, comment, sourceLocation: location)
    }

    private func addresses(_ done: [(Int64, ConnectionMachine.Action)]) -> [(Int64, SocketAddress)] {
        done.compactMap { time, action in
            guard case .open(let address, _) = action else { return nil }
            return (time, address)
        }
    }

    @Test func connectsToTheFirstAddressOfTheHost() {
        var machine = machine()
        expect(machine.start(), .resolve)
        expect(machine.start(), .none)
        expect(machine.resolved([first, second]), .open(first, looksUp: false))
        expect(machine.opened(now: start), .none)
        #expect(machine.deadline == nil, "nobody has asked for anything")
    }

    @Test func aPeerThatAnswersIsLeftAlone() {
        var machine = connected([first])
        machine.asked(now: start)
        #expect(machine.deadline == start + .seconds(2))
        let wasOut = machine.heard()
        #expect(!wasOut && machine.deadline == nil)
    }

    @Test func aSilentPeerIsAskedAndThenTriedFromAnotherPort() {
        var machine = connected([first])
        var now = start
        let done = silence(&machine, &now, until: 5000)
        #expect(done.map(\.0) == [2000, 3000, 4000, 5000, 5000])
        #expect(done.map(\.1) == [.ask, .ask, .ask, .open(first, looksUp: true), .ask])
        #expect(machine.isOut)
        let wasOut = machine.heard()
        #expect(wasOut && !machine.isOut)
    }

    @Test func anAnswerToTheQuestionEndsTheSuspicion() {
        var machine = connected([first])
        var now = start
        _ = silence(&machine, &now, until: 4000)
        let wasOut = machine.heard()
        #expect(!wasOut && machine.deadline == nil, "a producer further away is silent, the peer is not")
    }

    @Test func theNextAddressIsTriedWhenTheFirstIsSilent() {
        var machine = connected([first, second], isSilent: true)
        var now = start
        let opens = addresses(silence(&machine, &now, until: 20_000))
        #expect(opens.map(\.1).prefix(2) == [second, first])
        #expect(opens[0].0 == 5000 && opens[1].0 <= 10_000)
    }

    @Test func aHostThatHasMovedIsFoundWithinAMinute() {
        var machine = connected([first])
        var now = start
        let opens = addresses(silence(&machine, &now, until: 60_000, lookUp: [moved]))
        #expect(opens.map(\.1).prefix(2) == [first, moved])
        #expect(opens[1].0 == 5000, "as soon as the new address is known")
    }

    @Test func aNameThatCannotBeLookedUpAnyMoreKeepsItsAddresses() {
        var machine = connected([first])
        var now = start
        _ = silence(&machine, &now, until: 5000)
        machine.unresolved(now: now)
        #expect(machine.deadline != nil)
        let opens = addresses(silence(&machine, &now, until: 60_000))
        #expect(!opens.isEmpty && opens.allSatisfy { $0.1 == first })
    }

    @Test func attemptsBecomeRarerAndNeverEndWhileSomebodyAsks() {
        var machine = connected([first])
        var now = start
        let times = addresses(silence(&machine, &now, until: 300_000)).map { $0.0 / 1000 }
        #expect(times.prefix(5) == [5, 11, 23, 43, 63])
        #expect(times.count > 10)
    }

    /// Nobody need ask for anything for the end of an outage to be noticed; without one nothing is asked.
    @Test func theEndOfAnOutageIsAskedForThoughNobodyAsks() {
        var machine = connected([first])
        #expect(machine.deadline == nil)
        machine.asked(now: start)
        var actions: [ConnectionMachine.Action] = []
        for _ in 0..<4 {
            let action = machine.timerFired(now: machine.deadline ?? start)
            actions.append(action)
        }
        #expect(actions.last == .open(first, looksUp: true))
        expect(machine.opened(now: start), .ask)
        expect(machine.resolved([first]), .none)
        #expect(machine.deadline == start + .seconds(1))
        expect(machine.timerFired(now: start + .seconds(1)), .ask)
        let wasOut = machine.heard()
        #expect(wasOut && machine.deadline == nil)
    }

    @Test func aProgramThatWasStoppedAsksBeforeItGivesUp() {
        var machine = connected([first])
        machine.asked(now: start)
        let late = start + .hours(1)
        expect(machine.timerFired(now: late), .ask)
        #expect(machine.deadline == late + .seconds(1))
    }

    @Test func aLostStreamIsConnectedAgainWithGrowingPauses() {
        var machine = connected([first])
        var now = start
        var pauses: [Int64] = []
        for _ in 0..<7 {
            machine.lost(isForeign: false, now: now)
            let deadline = machine.deadline ?? now
            pauses.append((deadline - now).nanoseconds / 1_000_000)
            now = deadline
            expect(machine.timerFired(now: now), .open(first, looksUp: true))
            _ = machine.resolved([first])
            expect(machine.opened(now: start), .ask, "whether somebody is there again is asked at once")
        }
        #expect(pauses == [100, 200, 400, 800, 1600, 3000, 3000])
        _ = machine.heard()
        machine.lost(isForeign: false, now: now)
        #expect(machine.deadline == now + .milliseconds(100))
    }

    @Test func whoeverDoesNotSpeakNDNIsNotMetAtOnceAgain() {
        var machine = connected([first])
        for _ in 0..<4 {
            _ = machine.heard()
            machine.lost(isForeign: true, now: start)
        }
        #expect(machine.deadline == start + .milliseconds(800))
    }

    @Test func allAddressesAreTriedBeforeAPause() {
        var machine = machine()
        _ = machine.start()
        expect(machine.resolved([first, second]), .open(first, looksUp: false))
        expect(machine.failed(now: start), .open(second, looksUp: false))
        expect(machine.failed(now: start), .none)
        expect(machine.timerFired(now: start + .milliseconds(100)), .open(first, looksUp: true))
        // The router was replaced: the new address is tried as soon as it is known, not after the time limit of the old one.
        expect(machine.resolved([moved]), .open(moved, looksUp: false))
    }

    @Test func theAddressThatWorkedIsTriedFirst() {
        var machine = machine()
        _ = machine.start()
        _ = machine.resolved([first, second])
        _ = machine.failed(now: start)
        _ = machine.opened(now: start)
        _ = machine.heard()
        machine.lost(isForeign: false, now: start)
        expect(machine.timerFired(now: start + .milliseconds(100)), .open(second, looksUp: true))
    }

    @Test func whereNobodyListensTheNextAddressIsTriedAtOnce() {
        var machine = connected([first, second], isSilent: true)
        expect(machine.refused(now: start), .open(second, looksUp: false))
        _ = machine.opened(now: start)
        expect(machine.refused(now: start), .none, "all have been tried")
        #expect(!machine.isShut)
    }

    /// An Interest is refused, and 100 ms later the question whether that still holds.
    private func refuse(_ machine: inout ConnectionMachine, _ now: inout NIODeadline) {
        machine.asked(now: now)
        expect(machine.refused(now: now), .none)
        expect(machine.refused(now: now), .none, "several Interests were on their way")
        #expect(!machine.isShut && machine.deadline == now + .milliseconds(100))
        now = now + .milliseconds(100)
        expect(machine.timerFired(now: now), .ask)
        #expect(!machine.isShut)
        expect(machine.refused(now: now), .none)
    }

    @Test func aProgramThatHasDiedIsOutSoonAndAskedEachSecond() {
        var machine = connected([first, second])
        var now = start
        refuse(&machine, &now)
        #expect(machine.isShut && machine.isOut)
        for _ in 0..<2 {
            #expect(machine.deadline == now + .seconds(1))
            now = now + .seconds(1)
            expect(machine.timerFired(now: now), .ask, "at the same address, from the same port")
            #expect(machine.isShut, "the last question was refused")
            expect(machine.refused(now: now), .none)
        }
        let wasOut = machine.heard()
        #expect(wasOut && !machine.isOut && !machine.isShut && machine.deadline == nil)
    }

    @Test func aProgramThatIsBackAtOnceHasNeverBeenOut() {
        var machine = connected([first])
        machine.asked(now: start)
        _ = machine.refused(now: start)
        expect(machine.timerFired(now: start + .milliseconds(100)), .ask)
        let wasOut = machine.heard()
        #expect(!wasOut && !machine.isShut && machine.deadline == nil)
        // What was sent before is refused late: nobody has died again.
        var now = start + .seconds(1)
        _ = machine.refused(now: now)
        let stillThere = machine.heard()
        #expect(!stillThere && !machine.isShut && machine.deadline == nil)
        // The same after the question: the next packet says better.
        refuse(&machine, &now)
        #expect(machine.isShut)
        let isBack = machine.heard()
        #expect(isBack && !machine.isShut && !machine.isOut)
    }

    /// A producer that answers clients directly need not answer questions for forwarders.
    @Test func aPeerThatRefusesNoMoreIsGivenInterestsAgain() {
        var machine = connected([first])
        var now = start
        refuse(&machine, &now)
        now = now + .seconds(1)
        expect(machine.timerFired(now: now), .ask)
        #expect(machine.isShut, "the question before was refused")
        now = now + .seconds(1)
        expect(machine.timerFired(now: now), .ask)
        #expect(!machine.isShut && machine.isOut)
        expect(machine.refused(now: now), .none)
        #expect(machine.isShut, "and kept from them at once")
    }

    @Test func aRouterThatStaysDeadIsLookedForElsewhere() {
        var machine = connected([first])
        var now = start
        refuse(&machine, &now)
        for _ in 0..<2 {
            now = now + .seconds(1)
            expect(machine.timerFired(now: now), .ask)
            _ = machine.refused(now: now)
        }
        now = now + .seconds(1)
        expect(machine.timerFired(now: now), .open(first, looksUp: true))
        expect(machine.opened(now: now), .ask)
        #expect(
            machine.isShut && machine.deadline == now + .seconds(1),
            "nobody sends Interests, and it is asked all the same")
        _ = machine.refused(now: now)
        expect(machine.resolved([moved]), .open(moved, looksUp: false))
        expect(machine.opened(now: now), .ask)
        let wasOut = machine.heard()
        #expect(wasOut && !machine.isShut)
    }

    @Test func aSocketThatTheKernelClosedIsNoDeathYet() {
        var machine = connected([first])
        machine.doubted(now: start)
        expect(machine.timerFired(now: start + .milliseconds(100)), .ask)
        #expect(!machine.isShut && !machine.isOut)
        machine.doubted(now: start + .milliseconds(200))
        #expect(machine.deadline == start + .milliseconds(1100), "it has been asked already")
    }

    @Test func aHostWithoutAddressIsLookedUpAgain() {
        var machine = machine()
        _ = machine.start()
        machine.unresolved(now: start)
        #expect(machine.deadline == start + .milliseconds(100))
        expect(machine.timerFired(now: start + .milliseconds(100)), .resolve)
        expect(machine.resolved([first]), .open(first, looksUp: false))
    }
}
