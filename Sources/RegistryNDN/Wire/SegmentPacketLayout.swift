internal import CNDNFast
package import NIOCore

/// A Data packet of a blob whose header is known before its payload, so that payloads arrive straight in their slots.
///
/// The server lays packets out back to back in one buffer: `writeHeader`, then the payload's octets, then `sign`.
package struct SegmentPacketLayout: Sendable {
    private let prefix: Name
    private let fields: cndn_segment_data
    private let trailer: SegmentTrailer?

    /// - Parameters:
    ///   - prefix: The blob's name, before the segment component.
    ///   - trailer: How the packet is signed elsewhere; nil for DigestSha256, see `sign`.
    ///   - payloadLength: Octets of this segment's payload, also 0.
    /// - Throws: `WireError.noSpace` if the packet would exceed 8800 octets: a long name with a large chunk size.
    package init(
        prefix: Name, segment: UInt64, finalSegment: UInt64, payloadLength: Int, freshnessMilliseconds: UInt64,
        trailer: SegmentTrailer? = nil
    ) throws(WireError) {
        guard payloadLength >= 0 else { throw .invalid }
        var fields = cndn_segment_data()
        fields.prefix_length = prefix.value.readableBytes
        fields.payload_length = payloadLength
        fields.segment = segment
        fields.final_segment = finalSegment
        fields.freshness = freshnessMilliseconds
        fields.trailer_length = trailer?.size ?? 0
        try unsafe cndn_segment_layout(&fields).check()
        self.prefix = prefix
        self.fields = fields
        self.trailer = trailer
    }

    /// Octets of the whole packet.
    package var size: Int { fields.size }
    /// Where in the packet the payload begins.
    package var payloadOffset: Int { fields.payload_offset }
    /// Octets of the payload.
    package var payloadLength: Int { fields.payload_length }

    /// Whether the parts of both packets lie at the same places.
    package func isAlike(_ other: SegmentPacketLayout) -> Bool {
        fields.signed_offset == other.fields.signed_offset && payloadOffset == other.payloadOffset
            && payloadLength == other.payloadLength
    }

    /// Writes the octets before the payload at the start of the packet's slot, which has at least `payloadOffset` octets.
    package func writeHeader(into slot: UnsafeMutableRawBufferPointer) {
        precondition(slot.count >= payloadOffset, "slot too small for the header")
        unsafe prefix.value.withOctets { octets, _ in
            unsafe withUnsafePointer(to: fields) {
                unsafe cndn_segment_write_header($0, octets, slot.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
    }

    /// Signs the packet with DigestSha256: writes SignatureInfo and SignatureValue behind the payload.
    ///
    /// - Parameters:
    ///   - slot: Header and payload in place; at least `size` octets.
    ///   - hasher: A context that the caller keeps; a message begun in it is lost.
    package func sign(_ slot: UnsafeMutableRawBufferPointer, hasher: inout SHA256) {
        precondition(slot.count >= size, "slot too small for the packet")
        unsafe withUnsafePointer(to: fields) {
            unsafe cndn_segment_sign($0, slot.baseAddress?.assumingMemoryBound(to: UInt8.self), hasher.context)
        }
        hasher.restart()
    }

    /// Signs two packets that are alike: with the SHA extensions of x86 in the time of one.
    ///
    /// - Parameters: as `sign` has them.
    package func sign(
        _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer, hasher: inout SHA256
    ) {
        precondition(first.count >= size && second.count >= size, "slot too small for the packet")
        unsafe withUnsafePointer(to: fields) {
            unsafe cndn_segment_sign_pair(
                $0, first.baseAddress?.assumingMemoryBound(to: UInt8.self),
                second.baseAddress?.assumingMemoryBound(to: UInt8.self), hasher.context)
        }
        hasher.restart()
    }

    /// Writes SignatureInfo behind the payload, for a packet with a trailer, and hashes what is to be signed.
    ///
    /// - Parameters: as `sign` has them.
    package func prepare(_ slot: UnsafeMutableRawBufferPointer, hasher: inout SHA256) -> SHA256Digest {
        precondition(slot.count >= size, "slot too small for the packet")
        guard let trailer else { preconditionFailure("a packet without a trailer is signed in its place") }
        let end = payloadOffset + payloadLength
        unsafe trailer.info.withUnsafeReadableBytes { info in
            unsafe UnsafeMutableRawBufferPointer(rebasing: slot[end...]).copyMemory(from: info)
        }
        hasher.restart()
        let signedEnd = end + trailer.info.readableBytes
        unsafe hasher.update(UnsafeRawBufferPointer(rebasing: slot[fields.signed_offset..<signedEnd]))
        return hasher.finish()
    }

    /// Writes SignatureValue and the padding; false when the signature is longer than the trailer has room for.
    package func finish(_ slot: UnsafeMutableRawBufferPointer, signature: ByteBuffer) -> Bool {
        precondition(slot.count >= size, "slot too small for the packet")
        guard let trailer, let rest = trailer.rest(signature) else { return false }
        unsafe rest.withUnsafeReadableBytes { octets in
            unsafe UnsafeMutableRawBufferPointer(rebasing: slot[(size - octets.count)...]).copyMemory(from: octets)
        }
        return true
    }
}
