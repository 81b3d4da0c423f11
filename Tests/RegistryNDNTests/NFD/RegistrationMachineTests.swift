import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("NFD: registration")
struct RegistrationMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let success = ControlResponse(code: 200, text: "OK")
    private let refusal = ControlResponse(code: 403, text: "authorization rejected")

    private func machine(probe: TimeAmount? = nil) -> RegistrationMachine {
        var timing = RegistrationMachine.Timing()
        timing.jitter = { 0 }
        timing.probe = probe
        return RegistrationMachine(timing: timing)
    }

    private func registered(probe: TimeAmount? = nil) -> RegistrationMachine {
        var machine = machine(probe: probe)
        _ = machine.start(faceIsUp: true)
        _ = machine.answered(success, now: start)
        return machine
    }

    private func expect(
        _ action: RegistrationMachine.Action, _ expected: RegistrationMachine.Action,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(action == expected, sourceLocation: location)
    }

    @Test func registersAtOnceWhenTheFaceIsUp() {
        var machine = machine()
        expect(machine.start(faceIsUp: true), .register(aheadMilliseconds: 0))
        #expect(machine.deadline == nil)
        expect(machine.answered(success, now: start), .registered(isNew: true))
        #expect(machine.deadline == start + .seconds(300))
    }

    @Test func refreshes() {
        var machine = registered()
        expect(machine.timerFired(now: start + .seconds(299)), .none)
        expect(machine.timerFired(now: start + .seconds(300)), .register(aheadMilliseconds: 0))
        expect(machine.answered(success, now: start + .seconds(301)), .registered(isNew: false))
        #expect(machine.deadline == start + .seconds(601))
        #expect(RegistrationMachine.Timing().expirationMilliseconds == 1_200_000)
    }

    @Test func refreshIsJitteredByATenth() {
        for (jitter, seconds) in [(-1.0, 270), (1.0, 330)] as [(Double, Int64)] {
            var timing = RegistrationMachine.Timing()
            timing.jitter = { jitter }
            timing.probe = nil
            var machine = RegistrationMachine(timing: timing)
            _ = machine.start(faceIsUp: true)
            _ = machine.answered(success, now: start)
            #expect(machine.deadline == start + .seconds(seconds))
        }
    }

    @Test func waitsForTheFaceAndLetsItSettle() {
        var machine = machine()
        expect(machine.start(faceIsUp: false), .none)
        #expect(machine.deadline == nil)
        expect(machine.faceUp(now: start), .none)
        #expect(machine.deadline == start + .milliseconds(100))
        expect(machine.timerFired(now: start + .milliseconds(100)), .register(aheadMilliseconds: 0))
    }

    @Test func registersAgainAfterAReconnection() {
        var machine = registered()
        expect(machine.faceDown(), .failed(.faceDown))
        #expect(machine.deadline == nil)
        expect(machine.faceUp(now: start), .none)
        expect(machine.timerFired(now: start + .milliseconds(100)), .register(aheadMilliseconds: 0))
        expect(machine.answered(success, now: start), .registered(isNew: true))
    }

    @Test func refusalsAreRetriedWithLaterTimes() {
        var machine = machine()
        _ = machine.start(faceIsUp: true)
        var now = start
        var ahead: [UInt64] = []
        var delays: [Int64] = []
        for _ in 0..<5 {
            expect(machine.answered(refusal, now: now), .failed(.rejected(code: 403, text: "authorization rejected")))
            let deadline = machine.deadline ?? now
            delays.append((deadline - now).nanoseconds / 1_000_000)
            now = deadline
            guard case .register(let milliseconds) = machine.timerFired(now: now) else { break }
            ahead.append(milliseconds)
        }
        #expect(ahead == [0, 1000, 4000, 16000, 64000])
        #expect(delays == [100, 200, 400, 800, 1600])
        // No time within what the forwarder allows is late enough: a key of which it has seen none is, and stays in use.
        _ = machine.answered(refusal, now: now)
        now = machine.deadline ?? now
        #expect(now - start < .seconds(10))
        expect(machine.timerFired(now: now), .registerWithOwnKey)
        var served = machine
        expect(served.answered(success, now: now), .registered(isNew: true))
        expect(served.timerFired(now: served.deadline ?? now), .registerWithOwnKey)
        _ = machine.answered(refusal, now: now)
        expect(machine.timerFired(now: machine.deadline ?? now), .register(aheadMilliseconds: 0))
    }

    @Test("A UDP face's route is kept for less than two minutes, and renewed in time")
    func routesOverUDPEndSoon() {
        let timing = RegistrationMachine.Timing(over: .udp)
        #expect((60_000...120_000).contains(timing.expirationMilliseconds))
        #expect(timing.refresh * 3 < .milliseconds(Int64(timing.expirationMilliseconds)))
        for scheme in [FaceURI.Scheme.unix, .tcp] {
            #expect(RegistrationMachine.Timing(over: scheme).expirationMilliseconds == 1_200_000)
        }
        for scheme in [FaceURI.Scheme.unix, .tcp, .udp] {
            #expect(
                RegistrationMachine.Timing(over: scheme).probe == .seconds(3), "no face notices that its route is gone")
        }
    }

    @Test func silenceIsFollowedByCommandsWithin5Seconds() {
        var machine = machine()
        _ = machine.start(faceIsUp: true)
        var now = start
        for _ in 0..<20 {
            // The command's lifetime.
            now = now + .seconds(2)
            expect(machine.commandFailed(.timeout, now: now), .failed(.timeout))
            now = machine.deadline ?? now
            expect(machine.timerFired(now: now), .register(aheadMilliseconds: 0))
        }
        #expect(now == start + 20 * .milliseconds(2500))
        expect(machine.commandFailed(.nack(.noRoute), now: now), .failed(.nack(.noRoute)))
        #expect(machine.deadline == now + .seconds(1), "the silence before does not count")
    }

    @Test func nacksAreRetriedWithBackoffUpToALimit() {
        var machine = machine()
        _ = machine.start(faceIsUp: true)
        var now = start
        var delays: [Int64] = []
        for _ in 0..<6 {
            let reason = CommandError.Reason.nack(.noRoute)
            expect(machine.commandFailed(reason, now: now), .failed(reason))
            let deadline = machine.deadline ?? now
            delays.append((deadline - now).nanoseconds / 1_000_000_000)
            now = deadline
            expect(machine.timerFired(now: now), .register(aheadMilliseconds: 0))
        }
        #expect(delays == [1, 2, 4, 8, 10, 10])
        expect(machine.answered(success, now: now), .registered(isNew: true))
    }

    @Test func aProbeThatComesBackChangesNothing() {
        var machine = registered(probe: .seconds(3))
        #expect(machine.deadline == start + .seconds(3))
        expect(machine.timerFired(now: start + .seconds(3)), .probe)
        #expect(machine.deadline == nil)
        expect(machine.probed(true, now: start + .seconds(4)), .none)
        #expect(machine.deadline == start + .seconds(7))
    }

    @Test func aLostProbeRegistersAgainAndThenProbesLessOften() {
        var machine = registered(probe: .seconds(3))
        var now = start
        var delays: [Int64] = []
        for _ in 0..<6 {
            let deadline = machine.deadline ?? now
            delays.append((deadline - now).nanoseconds / 1_000_000_000)
            now = deadline
            expect(machine.timerFired(now: now), .probe)
            expect(machine.probed(false, now: now), .register(aheadMilliseconds: 0))
            expect(machine.answered(success, now: now), .registered(isNew: false))
        }
        #expect(delays == [3, 6, 12, 24, 48, 60])
        now = machine.deadline ?? now
        expect(machine.timerFired(now: now), .probe)
        expect(machine.probed(true, now: now), .none)
        #expect(machine.deadline == now + .seconds(3))
    }

    @Test func refreshComesThoughProbesSucceed() {
        var machine = registered(probe: .seconds(3))
        var now = start
        var commands = 0
        while now < start + .seconds(310) {
            now = machine.deadline ?? now
            switch machine.timerFired(now: now) {
            case .probe: _ = machine.probed(true, now: now)
            case .register:
                commands += 1
                _ = machine.answered(success, now: now)
            default: break
            }
        }
        #expect(commands == 1)
    }

    @Test func stopUnregisters() {
        var machine = registered()
        expect(machine.stop(), .unregister)
        expect(machine.stop(), .none)
        expect(machine.answered(success, now: start), .finished)
        #expect(machine.deadline == nil)
        expect(machine.faceUp(now: start), .none)
    }

    @Test func stopDoesNotWaitForADeadForwarder() {
        var machine = registered()
        expect(machine.stop(), .unregister)
        expect(machine.commandFailed(.timeout, now: start), .finished)
        var down = registered()
        _ = down.stop()
        expect(down.faceDown(), .finished)
        var idle = self.machine()
        _ = idle.start(faceIsUp: false)
        expect(idle.stop(), .finished)
    }

    @Test func aLateAnswerIsIgnored() {
        var machine = registered()
        expect(machine.faceDown(), .failed(.faceDown))
        expect(machine.answered(success, now: start), .none)
        expect(machine.commandFailed(.timeout, now: start), .none)
        expect(machine.probed(false, now: start), .none)
    }
}
