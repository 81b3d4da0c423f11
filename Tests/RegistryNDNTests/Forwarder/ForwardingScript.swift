import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

/// A forwarding core with a manual clock, and its actions in words: `I 2 /a` an Interest to face 2, `D` Data, `N NoRoute`.
final class ForwardingScript {
    var core: ForwardingCore
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// What the last step sent.
    var sent: [ForwardingAction] = []

    /// Faces 1 to 4 are local, and 1 is root's; 5 to 9 are not local.
    init(limits: ForwardingCore.Limits = .init()) {
        core = ForwardingCore(limits: limits)
        for face in 1...9 as ClosedRange<UInt64> { _ = core.addFace(face, isLocal: face < 5, isTrusted: face == 1) }
    }

    func route(_ uri: String, to face: UInt64, cost: UInt64 = 0) throws {
        try core.routes.register(Name(uri: uri), .init(face: face, cost: cost))
    }

    /// Lets time pass, with the timer fired as an event loop would.
    func wait(_ amount: TimeAmount) {
        now = now + amount
        if let deadline = core.deadline, deadline <= now { core.timerFired(now: now) }
        take()
    }

    @discardableResult
    func interest(
        _ interest: Interest, from face: UInt64, token: UInt64? = nil
    ) -> [String] {
        core.receive(interest, LinkFields(pitToken: token.map { PitToken(number: $0) }), from: face, now: now)
        return take()
    }

    @discardableResult
    func data(_ data: DataPacket, from face: UInt64, mark: UInt64 = 0) -> [String] {
        core.receive(data, LinkFields(congestionMark: mark), from: face, now: now)
        return take()
    }

    @discardableResult
    func nack(_ reason: NackReason, _ interest: Interest, from face: UInt64) -> [String] {
        core.receive(nack: reason, for: interest, from: face, now: now)
        return take()
    }

    /// The names of what the last step sent.
    var sentNames: [String] { sent.compactMap { try? Interest(forwarding: $0.packet).name.uri } }

    @discardableResult
    private func take() -> [String] {
        sent = core.actions
        core.actions = []
        return sent.map(describe)
    }

    private func describe(_ action: ForwardingAction) -> String {
        let token = action.fields.pitToken?.number.map { " token \($0)" } ?? ""
        let mark = action.fields.congestionMark > 0 ? " mark" : ""
        guard let interest = try? Interest(forwarding: action.packet) else {
            guard let data = try? DataPacket(decoding: action.packet) else { return "?" }
            return "D \(action.face) \(data.name.uri)\(token)\(mark)"
        }
        let nonce = interest.nonce.map { " nonce \($0)" } ?? ""
        guard let nack = action.fields.nack else { return "I \(action.face) \(interest.name.uri)\(nonce)\(token)" }
        return "N \(action.face) \(interest.name.uri) \(nack)\(nonce)\(token)"
    }
}
