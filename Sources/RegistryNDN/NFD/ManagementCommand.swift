internal import NIOCore

/// A control command of the NFD management protocol (docs/protocol.md 8.1): which, where, with what.
public struct ManagementCommand: Equatable, Sendable {
    /// Under which name the management is asked (docs/protocol.md 8.3).
    public var scope: ManagementScope
    /// `rib`, `faces`, …
    public var module: String
    /// `register`, `unregister`, …
    public var verb: String
    /// With what; they become a component of the name.
    public var parameters: ControlParameters

    /// A command.
    ///
    /// - Parameters:
    ///   - scope: under which name the management is asked.
    ///   - module: `rib`, `faces`, `strategy-choice`, …
    ///   - verb: `register`, `create`, `set`, …
    ///   - parameters: what the command needs (docs/protocol.md 8.4).
    public init(scope: ManagementScope, module: String, verb: String, parameters: ControlParameters) {
        self.scope = scope
        self.module = module
        self.verb = verb
        self.parameters = parameters
    }

    /// The command's name without the parameters digest: prefix, module, verb, ControlParameters in a generic component.
    public var name: Name {
        scope.prefix.appending(.generic(module)).appending(.generic(verb))
            .appending(.generic(parameters.encode().readableBytesView))
    }

    /// The Interest to sign.
    public func interest(lifetimeMilliseconds: UInt64?) -> InterestBuilder {
        var interest = InterestBuilder(name: name)
        interest.mustBeFresh = true
        interest.lifetimeMilliseconds = lifetimeMilliseconds
        return interest
    }
}

extension ManagementCommand {
    /// The command Interest: signed as format v0.3 has it, with a time that rises and a random nonce.
    func signed(
        by signer: Signer, clock: CommandClock, ahead: UInt64 = 0, lifetime: UInt64? = nil
    ) throws(WireError) -> Interest {
        var interest = interest(lifetimeMilliseconds: lifetime)
        interest.nonce = .random(in: .min ... .max)
        let time = clock.next(wallClock: WallClock.milliseconds() &+ ahead)
        let wire = try interest.encodeSigned(
            with: signer, time: time, signatureNonce: .random(in: .min ... .max))
        return try Interest(decoding: wire)
    }
}
