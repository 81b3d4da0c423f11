/// Why a prefix is not registered, and what to do about it.
public struct RegistrationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What came back for the command.
    public enum Reason: Equatable, Sendable {
        /// A ControlResponse other than 200.
        case rejected(code: UInt64, text: String)
        /// Nothing, for the whole lifetime of the command.
        case timeout
        /// A network Nack.
        case nack(NackReason)
        /// The connection to the forwarder is gone.
        case faceDown
        /// A Data that holds no ControlResponse.
        case malformed
    }

    public let prefix: Name
    /// The face's URI.
    public let uplink: String
    public let scope: ManagementCommand.Scope
    public let reason: Reason

    public init(prefix: Name, uplink: String, scope: ManagementCommand.Scope, reason: Reason) {
        self.prefix = prefix
        self.uplink = uplink
        self.scope = scope
        self.reason = reason
    }

    public var description: String {
        "cannot register \(prefix) at \(uplink): \(cause); \(remedy)"
    }

    /// What happened, in a few words.
    public var cause: String {
        switch reason {
        case .rejected(let code, let text): "the forwarder answers \(code) \(text)"
        case .timeout: "the forwarder does not answer"
        case .nack(let reason): "the forwarder answers Nack \(reason)"
        case .faceDown: "the connection is lost"
        case .malformed: "the forwarder's answer is not a ControlResponse"
        }
    }

    /// What the operator can do.
    public var remedy: String {
        switch (reason, scope) {
        case (.rejected(403, _), _):
            "check that this machine's clock is right (within 120 s of the forwarder's), that no other program "
                + "registers with the same key at the same moment, and that the forwarder trusts the key "
                + "(rib.\(security) in nfd.conf)"
        case (.rejected(404, _), _), (.rejected(410, _), _):
            "the forwarder does not know this face any more: it is connected again"
        case (.rejected(414, _), _): "choose a prefix of at most 32 components"
        case (.rejected(400, _), _), (.rejected(501, _), _), (.malformed, _):
            "check that the forwarder speaks the NFD management protocol, or use --register none"
        case (.timeout, .localhost), (.faceDown, _): "check that the forwarder runs at this address"
        case (.timeout, .localhop), (.nack, .localhop):
            "check that the forwarder runs at this address and that its nfd.conf has a rib.localhop_security section "
                + "and no auto_prefix_propagate, connect over its Unix socket instead, or use --register none with a route set by hand"
        case (.rejected, _): "see the forwarder's log"
        case (.nack, .localhost): "check that the forwarder's RIB management is enabled"
        }
    }

    private var security: String {
        switch scope {
        case .localhost: "localhost_security"
        case .localhop: "localhop_security"
        }
    }
}
