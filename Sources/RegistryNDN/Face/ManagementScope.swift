package import NIOCore

/// Where the management of a forwarder is asked (docs/protocol.md 8.3).
public enum ManagementScope: Sendable {
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

    /// What every forwarder answers, if only with a Nack: `status/general` over local faces, `rib/list` over others, which NFD
    /// refuses with a Nack unless its localhop_security is enabled (docs/protocol.md 8.7).
    package var question: Name {
        let (module, verb) =
            switch self {
            case .localhost: ("status", "general")
            case .localhop: ("rib", "list")
            }
        return prefix.appending(.generic(module)).appending(.generic(verb))
    }

    /// An Interest that asks for ``question``.
    package func question(nonce: UInt32) -> ByteBuffer? {
        var builder = InterestBuilder(name: question)
        builder.canBePrefix = true
        builder.mustBeFresh = true
        builder.nonce = nonce
        return try? builder.encode()
    }
}
