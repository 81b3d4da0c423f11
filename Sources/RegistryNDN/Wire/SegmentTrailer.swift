internal import NIOCore

/// What stands behind the payload of a packet that a key signs: SignatureInfo, SignatureValue and padding.
///
/// An ECDSA signature has 70 to 72 octets, and others now and then, but equal packets leave in one send: an element that
/// decoders skip, since its type is not critical (docs/protocol.md 2.2), fills each packet up. It stands after SignatureValue,
/// so it is not signed, and nothing reads it.
package struct SegmentTrailer: Sendable {
    /// An application's type number, even and so non-critical.
    static let paddingType: UInt8 = 240

    /// The SignatureInfo element.
    let info: ByteBuffer
    private let signatureSize: Int

    /// - Parameter key: Signs with ECDSA; nil is returned for other keys.
    package init?(_ key: PrivateKey, locator: Name) {
        guard key.signatureType == SignatureType.sha256WithECDSA, key.signatureSize <= 250 else { return nil }
        var info = ByteBuffer()
        Signer.key(key, locator: locator).signatureInfo.encode(type: TLVType.signatureInfo, into: &info)
        self.info = info
        signatureSize = key.signatureSize
    }

    /// Octets of SignatureInfo, SignatureValue and padding, always the same.
    package var size: Int { info.readableBytes + Self.overhead + signatureSize }
    private static let overhead = 4

    /// SignatureValue and padding; nil when there is no room.
    func rest(_ signature: ByteBuffer) -> ByteBuffer? {
        let padding = signatureSize - signature.readableBytes
        guard padding >= 0 else { return nil }
        var rest = ByteBuffer()
        rest.reserveCapacity(signatureSize + Self.overhead)
        rest.writeTLV(type: TLVType.signatureValue, signature)
        rest.writeInteger(Self.paddingType)
        rest.writeInteger(UInt8(padding))
        rest.writeRepeatingByte(0, count: padding)
        return rest
    }
}
