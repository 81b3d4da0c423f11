internal import CNDNFast
package import NIOCore

/// Encodes one network packet with its link fields: bare without any, else as one LpPacket.
package enum LpHeader {
    /// Octets of the longest packet on a link, the LpPacket around it included (docs/protocol.md 7.1).
    package static let maximumPacketSize = Int(CNDN_MAX_PACKET)

    /// Octets that `write` would append.
    package static func size(ofPacket length: Int, _ fields: LinkFields) -> Int {
        guard !fields.isEmpty else { return length }
        return unsafe fields.withHeader { header, _ in unsafe Int(cndn_lp_size(&header, length)) }
    }

    /// Appends the packet in its LpPacket, or bare without fields. The packet is copied once, into `out`.
    ///
    /// - Returns: the octets appended.
    /// - Throws: `WireError.noSpace` if they would be more than 8800; nothing is appended then.
    @discardableResult
    package static func write(
        _ packet: ByteBuffer, _ fields: LinkFields, into out: inout ByteBuffer
    ) throws(WireError) -> Int {
        let size = size(ofPacket: packet.readableBytes, fields)
        guard size <= maximumPacketSize else { throw .noSpace }
        out.reserveCapacity(minimumWritableBytes: size)
        if !fields.isEmpty {
            unsafe fields.withHeader { header, base in
                unsafe out.writeLpHeader(&header, base, fragmentLength: packet.readableBytes)
            }
        }
        out.writeImmutableBuffer(packet)
        return size
    }
}

extension ByteBuffer {
    /// Appends an LpPacket up to the VALUE of its Fragment, of which the caller appends `fragmentLength` octets.
    mutating func writeLpHeader(_ header: inout cndn_lp, _ base: UnsafePointer<UInt8>?, fragmentLength: Int) {
        let size = unsafe Int(cndn_lp_size(&header, fragmentLength)) - fragmentLength
        unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: size) { memory in
            var written = 0
            let out = unsafe memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let result = unsafe cndn_lp_encode(&header, base, fragmentLength, out, memory.count, &written)
            return result == CNDN_OK ? written : 0
        }
    }
}
