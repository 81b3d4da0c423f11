public import NIOCore

/// A Data packet to be encoded (docs/protocol.md 5). For segments of a blob see `SegmentPacketLayout`.
public struct DataBuilder: Sendable {
    /// The packet's name.
    public var name: Name
    /// What the Content is, a number of ``ContentType`` (docs/protocol.md 5.2).
    public var contentType = ContentType.blob
    /// How long the Data answers Interests with MustBeFresh from a cache, in milliseconds; 0: never.
    public var freshnessMilliseconds: UInt64 = 0
    /// FinalBlockId.
    public var finalBlock: NameComponent?
    /// Value of Content; nil leaves the element out.
    public var content: ByteBuffer?

    /// A Data of this name, with default MetaInfo.
    ///
    /// - Parameters:
    ///   - name: the packet's name.
    ///   - content: the value of Content; nil leaves the element out.
    public init(name: Name, content: ByteBuffer? = nil) {
        self.name = name
        self.content = content
    }

    /// The packet, encoded and signed in one pass. MetaInfo has only what differs from the defaults.
    ///
    /// - Throws: `WireError.noSpace` if the packet exceeds 8800 octets; `.invalid` if signing failed.
    public func encode(signer: Signer) throws(WireError) -> ByteBuffer {
        try encode(signer: signer, info: signer.signatureInfo)
    }

    /// The packet with a SignatureInfo of the caller's making, such as a certificate's with its ValidityPeriod.
    public func encode(signer: Signer, info: SignatureInfo) throws(WireError) -> ByteBuffer {
        // The outer LENGTH is known last, since an ECDSA signature has 69 to 72 octets: leave room before the value.
        let room = 10
        var packet = ByteBuffer()
        packet.reserveCapacity(name.encodedSize + (content?.readableBytes ?? 0) + 256)
        packet.writeRepeatingByte(0, count: room)
        name.encode(into: &packet)
        encodeMetaInfo(into: &packet)
        if let content { packet.writeTLV(type: TLVType.content, content) }
        info.encode(type: TLVType.signatureInfo, into: &packet)
        packet.moveReaderIndex(to: room)
        packet.writeTLV(type: TLVType.signatureValue, try signer.sign(packet))

        var header = ByteBuffer()
        header.writeTLVHeader(type: TLVType.data, length: packet.readableBytes)
        packet.moveReaderIndex(to: room - header.readableBytes)
        packet.setBuffer(header, at: packet.readerIndex)
        guard packet.readableBytes <= DataPacket.maximumSize else { throw .noSpace }
        return packet
    }

    private func encodeMetaInfo(into packet: inout ByteBuffer) {
        guard contentType != ContentType.blob || freshnessMilliseconds != 0 || finalBlock != nil else { return }
        packet.writeTLV(type: TLVType.metaInfo) { meta in
            if contentType != ContentType.blob { meta.writeTLV(type: TLVType.contentType, number: contentType) }
            if freshnessMilliseconds != 0 {
                meta.writeTLV(type: TLVType.freshnessPeriod, number: freshnessMilliseconds)
            }
            if let finalBlock { meta.writeTLV(type: TLVType.finalBlockID) { finalBlock.encode(into: &$0) } }
        }
    }
}
