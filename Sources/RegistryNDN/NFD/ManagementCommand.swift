internal import NIOCore

/// A control command of the NFD management protocol (PROTOCOL.md 7.1): which, where, with what.
public struct ManagementCommand: Equatable, Sendable {
    /// Where the management of a forwarder is asked (PROTOCOL.md 7.2).
    public enum Scope: Sendable {
        /// `/localhost/nfd`: Unix sockets and TCP on loopback.
        case localhost
        /// `/localhop/nfd`: everything else, UDP on loopback too; NFD answers only with `rib.localhop_security`.
        case localhop

        /// `/localhost/nfd` or `/localhop/nfd`.
        public var prefix: Name {
            switch self {
            case .localhost: Name([.generic("localhost"), .generic("nfd")])
            case .localhop: Name([.generic("localhop"), .generic("nfd")])
            }
        }
    }

    public var scope: Scope
    /// `rib`, `faces`, …
    public var module: String
    /// `register`, `unregister`, …
    public var verb: String
    public var parameters: ControlParameters

    public init(scope: Scope, module: String, verb: String, parameters: ControlParameters) {
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
    /// What every forwarder answers, if only with a Nack: `status/general` over local faces, `rib/list` over others, where NFD
    /// "answers only where localhop_security is enabled" and else with a Nack (PROTOCOL.md 7.1.7). It must be sent with CanBePrefix
    /// and MustBeFresh.
    static func question(isLocal: Bool) -> Name {
        let (scope, module, verb) = isLocal ? (Scope.localhost, "status", "general") : (.localhop, "rib", "list")
        return scope.prefix.appending(.generic(module)).appending(.generic(verb))
    }

    /// The command Interest: signed as format v0.3 has it, with a time that rises and a random nonce.
    func signed(
        by signer: Signer, clock: CommandClock, ahead: UInt64 = 0, lifetime: UInt64? = nil
    ) throws(WireError) -> Interest {
        var interest = interest(lifetimeMilliseconds: lifetime)
        interest.nonce = .random(in: .min ... .max)
        let time = clock.next(wallClock: CommandClock.wallClock() &+ ahead)
        let wire = try interest.encodeSigned(
            with: signer, time: time, signatureNonce: .random(in: .min ... .max))
        return try Interest(decoding: wire)
    }
}
