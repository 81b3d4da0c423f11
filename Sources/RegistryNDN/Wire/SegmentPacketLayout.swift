internal import CNDNFast
internal import NIOCore

/// A Data packet of a blob whose header is known before its payload, so that payloads arrive straight in their slots.
///
/// The server lays packets out back to back in one buffer: `writeHeader`, then the payload's octets, then `sign`.
public struct SegmentPacketLayout: Sendable {
    private let prefix: Name
    private let fields: cndn_segment_data

    /// - Parameters:
    ///   - prefix: The blob's name, before the segment component.
    ///   - payloadLength: Octets of this segment's payload, also 0.
    /// - Throws: `WireError.noSpace` if the packet would exceed 8800 octets: a long name with a large chunk size.
    public init(
        prefix: Name, segment: UInt64, finalSegment: UInt64, payloadLength: Int, freshnessMilliseconds: UInt64
    ) throws(WireError) {
        guard payloadLength >= 0 else { throw .invalid }
        var fields = cndn_segment_data()
        fields.prefix_length = prefix.value.readableBytes
        fields.payload_length = payloadLength
        fields.segment = segment
        fields.final_segment = finalSegment
        fields.freshness = freshnessMilliseconds
        try unsafe cndn_segment_layout(&fields).check()
        self.prefix = prefix
        self.fields = fields
    }

    /// Octets of the whole packet.
    public var size: Int { fields.size }
    /// Where in the packet the payload begins.
    public var payloadOffset: Int { fields.payload_offset }
    /// Octets of the payload.
    public var payloadLength: Int { fields.payload_length }

    /// Writes the octets before the payload at the start of the packet's slot, which has at least `payloadOffset` octets.
    public func writeHeader(into slot: UnsafeMutableRawBufferPointer) {
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
    public func sign(_ slot: UnsafeMutableRawBufferPointer, hasher: inout SHA256) {
        precondition(slot.count >= size, "slot too small for the packet")
        unsafe withUnsafePointer(to: fields) {
            unsafe cndn_segment_sign($0, slot.baseAddress?.assumingMemoryBound(to: UInt8.self), hasher.context)
        }
        hasher.restart()
    }
}
