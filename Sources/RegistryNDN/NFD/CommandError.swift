/// Why a management command was not carried out, or a dataset not read, and what to do about it.
public struct CommandError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What came back.
    public enum Reason: Error, Equatable, Sendable {
        /// A ControlResponse other than 200.
        case rejected(code: UInt64, text: String)
        /// Nothing, for the whole lifetime of the Interest.
        case timeout
        /// A network Nack.
        case nack(NackReason)
        /// The connection to the forwarder is gone.
        case faceDown
        /// A Data that does not hold what it should.
        case malformed
        /// Not asked: over this face a forwarder takes route commands alone (docs/protocol.md 8.3).
        case remote
    }

    /// What was to be done, as it follows "cannot": `register /example/docker`.
    public let action: String
    /// The face's URI.
    public let uplink: String
    /// Under which name the management was asked.
    public let scope: ManagementScope
    /// What came back.
    public let reason: Reason
    /// KeyLocator of the commands; nil when they are signed with a digest.
    public var key: Name?
    /// Milliseconds that this machine's clock is ahead of the forwarder's; nil when that is not known.
    public var clockAhead: Int64?
    /// Whether it is a server's prefix: a server may be told to register none.
    public var isOfServer = false
    /// Milliseconds by which this machine's clock was set back since the first command; nil when it was not.
    public var clockSetBack: UInt64?

    /// An error; ``cause`` and ``remedy`` are made of these.
    ///
    /// - Parameters:
    ///   - action: what was to be done, as it follows "cannot".
    ///   - uplink: the face's URI.
    ///   - scope: under which name the management was asked.
    ///   - reason: what came back.
    ///   - key: KeyLocator of the commands; nil when they are signed with a digest.
    ///   - clockAhead: milliseconds that this machine's clock is ahead of the forwarder's; nil when that is not known.
    public init(
        action: String, uplink: String, scope: ManagementScope, reason: Reason, key: Name? = nil,
        clockAhead: Int64? = nil
    ) {
        self.action = action
        self.uplink = uplink
        self.scope = scope
        self.reason = reason
        self.key = key
        self.clockAhead = clockAhead
    }

    public var description: String {
        "cannot \(action) at \(uplink): \(cause); \(remedy)"
    }

    /// What happened, in a few words.
    public var cause: String {
        switch reason {
        case .rejected(let code, let text): "the forwarder answers \(code) \(text)"
        case .timeout: "the forwarder does not answer"
        case .nack(let reason): "the forwarder answers Nack \(reason)"
        case .faceDown: "the connection is lost"
        case .malformed: "the forwarder's answer cannot be read"
        case .remote: "over UDP and from other machines a forwarder tells and takes routes alone"
        }
    }

    /// What the operator can do.
    public var remedy: String {
        switch (reason, scope) {
        case (.rejected(403, let text), .localhost) where text.contains(Self.operatorsAlone):
            "give this command as one of them"
        case (.rejected(403, let text), .localhost) where text.contains(Self.forwardersOwn):
            "choose a prefix that does not begin with /localhost/nfd"
        case (.rejected(403, _), _): refusal
        case (.rejected(404, _), _), (.rejected(410, _), _):
            "the forwarder does not know this face or strategy: see `registry-ndn faces` and `registry-ndn strategy list`"
        case (.remote, _): "connect over its Unix socket"
        case (.rejected(406, let text), .localhost) where text.contains(Self.oneStrategy):
            "leave the strategy as it is, or use NFD"
        case (.rejected(406, let text), .localhost) where text.contains(Self.forwarderItself):
            "name the server or forwarder that the route is to lead to"
        case (.rejected(406, _), .localhop):
            isOfServer ? routeFromThere : "connect over its Unix socket, or over TCP from its own machine"
        case (.rejected(406, _), .localhost):
            "this forwarder does not have that: use NFD, or do without"
        case (.rejected(414, _), _): "choose a prefix of at most 32 components"
        case (.rejected(504, _), _): "check that the remote end is reachable"
        case (.rejected(400, _), _), (.rejected(501, _), _), (.malformed, _):
            "check that the forwarder speaks the NFD management protocol"
                + (isOfServer ? ", or use \(Setting.registration) none" : "")
        case (.timeout, .localhost):
            "check that the forwarder runs at this address, and that it knows this command"
                + (key.map { "; it may also be looking for the certificate \($0), which it does not trust" } ?? "")
        case (.faceDown, _): "check that the forwarder runs at this address"
        case (.timeout, .localhop), (.nack, .localhop):
            "connect over its Unix socket instead: over UDP and from other machines registry-ndn forwarder tells and takes no "
                + "routes, NFD does so only with a rib.localhop_security section and no auto_prefix_propagate in its nfd.conf, "
                + "and ndnd with mgmt.allow_localhop"
                + (isOfServer
                    ? "; or run this server with \(Setting.uplink) none \(Setting.listener) udp://HOST:PORT, and set the route by hand"
                    : "")
                + (reason == .timeout ? "; or nothing runs at this address" : "")
        case (.rejected, _): "see the forwarder's log"
        case (.nack, .localhost): "check that this part of the forwarder's management is enabled"
        }
    }

    /// A forwarder that takes no routes from elsewhere gets one to a server that listens.
    private var routeFromThere: String {
        let prefix = action.split(separator: " ").last ?? "PREFIX"
        return
            "connect over its Unix socket if it runs on this machine; if not, let this server listen, \(Setting.uplink) none "
            + "\(Setting.listener) udp://HOST:PORT, and give the forwarder the route on its own machine: `registry-ndn register "
            + "\(prefix) \(Setting.routedFace) udp://HOST:PORT`, or for good `registry-ndn forwarder \(Setting.staticRoute) "
            + "\(prefix)=udp://HOST:PORT`"
    }

    /// The 403 has many reasons, which NFD does not tell apart (docs/protocol.md 8.2): those that can be ruled out are.
    private var refusal: String {
        if let clockAhead, clockAhead.magnitude > Self.grace {
            let seconds = clockAhead.magnitude / 1000
            return "this machine's clock is \(seconds) s \(clockAhead > 0 ? "ahead of" : "behind") the forwarder's, "
                + "which takes commands within \(Self.grace / 1000) s of its own: set the clock, by NTP for example"
        }
        if let clockSetBack {
            return
                "this machine's clock was set back by \(clockSetBack / 1000) s, and the forwarder has seen later times of this "
                + "key, which it takes again only after those: restart the forwarder, or wait so long"
        }
        let clock =
            clockAhead == nil
            ? "check that this machine's clock is right (within \(Self.grace / 1000) s of the forwarder's); if it is, "
            : "the clocks agree: "
        guard let key else {
            return clock + "the forwarder wants commands signed by a key that it trusts, and these are signed with a "
                + "digest: make a key with `registry-ndn keygen` and let rib.\(security) of nfd.conf trust its certificate"
        }
        return clock + "the forwarder does not trust \(key), or not with this name: let rib.\(security) of nfd.conf "
            + "trust its certificate, or choose another key"
    }

    /// In the text of a 403 of the built-in forwarder, which looks at who gives a command and not at keys.
    package static let operatorsAlone = "only root and the forwarder's user"

    /// In the text of a 403 of the built-in forwarder for a prefix below which its own management is.
    package static let forwardersOwn = "belongs to the forwarder"

    /// In the text of a 406 of the built-in forwarder for a face to one of its own addresses.
    package static let forwarderItself = "is this forwarder itself"

    /// In the text of what the built-in forwarder answers to those who choose a strategy: of a 200 too.
    package static let oneStrategy = "this forwarder has one strategy"

    /// What NFD allows between its clock and SignatureTime, milliseconds (docs/protocol.md 8.2).
    private static let grace: UInt64 = 120_000

    private var security: String {
        switch scope {
        case .localhost: "localhost_security"
        case .localhop: "localhop_security"
        }
    }
}

extension CommandError.Reason {
    init(_ error: any Error) {
        switch error as? ExpressError {
        case .nack(let reason): self = .nack(reason)
        case .faceDown: self = .faceDown
        case .malformed: self = .malformed
        case .timeout, nil: self = .timeout
        }
    }
}
