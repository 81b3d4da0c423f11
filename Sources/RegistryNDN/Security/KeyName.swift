internal import NIOCore

/// Names of keys and certificates: `/<identity>/KEY/<KeyId>` and `/<key>/<IssuerId>/<Version>` (docs/protocol.md 6.1).
extension Name {
    static let keyComponent = NameComponent.generic("KEY")

    /// The name of a new key of this identity: its KeyId is a random number of 64 bits.
    public func newKeyName() -> Name {
        appending(Self.keyComponent)
            .appending(.generic(ByteBuffer(integer: UInt64.random(in: .min ... .max)).readableBytesView))
    }

    /// Whether this is a key's name: its last component but one is `KEY`.
    public var isKeyName: Bool { count >= 2 && self[count - 2] == Self.keyComponent }

    /// Whether this is a certificate's name: its fourth component from the end is `KEY`.
    public var isCertificateName: Bool { count >= 4 && self[count - 4] == Self.keyComponent }

    /// The key's name that a KeyLocator or a certificate's name tells: of a certificate, of a key; nil of anything else.
    public var keyName: Name? {
        if isCertificateName { return dropLast(2) }
        return isKeyName ? self : nil
    }

    /// The identity whose key this names, or the certificate of whose key; nil of anything else.
    public var identity: Name? { keyName?.dropLast(2) }
}
