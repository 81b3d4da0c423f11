internal import NDN
internal import NIOCore

extension Name {
    static let localhost = Name([.generic("localhost")])
    static let localhop = Name([.generic("localhop")])

    private static let metadata = NameComponent.keyword("metadata")

    /// Whether it asks for metadata (RDR), which a server that has the blob does not answer (docs/protocol.md 10.3).
    ///
    /// Asked of every Interest that is forwarded, as below.
    var isMetadata: Bool {
        let size = value.readableBytes
        return size >= 10 && value.getInteger(at: value.readerIndex + size - 10, as: UInt16.self) == 0x2008
            && last == Self.metadata
    }

    /// The digest in a last ImplicitSha256Digest component.
    ///
    /// Asked of every packet, so a look at the octets where such a component would begin comes first.
    var implicitDigest: SHA256Digest? {
        let size = value.readableBytes
        let start = value.readerIndex + size - 34
        guard size >= 34, value.getInteger(at: start, as: UInt16.self) == 0x0120,
            let last, last.type == NameComponent.implicitDigestType
        else { return nil }
        return SHA256Digest(bytes: last.value.readableBytesView)
    }
}
