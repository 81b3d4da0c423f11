internal import CNDNFast
package import NIOCore

/// Splits network packets that do not fit a link into LpPackets (docs/protocol.md 7.6).
///
/// All fragments of a packet but the last have the same size on the wire, near the total divided by their number, so
/// that one segmentation-offload send carries them all. The other header fields ride on fragment 0 only.
package struct LpFragmenter: Sendable {
    private var sequence: UInt64

    /// - Parameter sequence: of the first fragment; it wraps modulo 2^64.
    package init(sequence: UInt64 = .random(in: .min ... .max)) {
        self.sequence = sequence
    }

    /// Appends the LpPackets of `packet` back to back; just the packet, bare or in one LpPacket, if that fits.
    ///
    /// - Parameter mtu: octets of the longest LpPacket; more than 8800 count as 8800.
    /// - Returns: octets of each of them; the last may be shorter.
    /// - Throws: `WireError.noSpace` if more than 400 fragments were needed; nothing is appended then.
    package mutating func fragment(
        packet: ByteBuffer, fields: LinkFields = LinkFields(), mtu: Int, into train: inout ByteBuffer
    ) throws(WireError) -> Int {
        let mtu = min(mtu, LpHeader.maximumPacketSize)
        guard packet.readableBytes > mtu || LpHeader.size(ofPacket: packet.readableBytes, fields) > mtu else {
            return try LpHeader.write(packet, fields, into: &train)
        }
        guard let plan = FragmentPlan(octets: packet.readableBytes, fields, mtu: mtu) else { throw .noSpace }
        write(packet, fields, plan, into: &train)
        return plan.size
    }

    /// The LpPackets of `packet`, slices of one buffer; just the packet, bare or in one LpPacket, if that fits.
    ///
    /// - Throws: `WireError.noSpace` if more than 400 fragments were needed.
    package mutating func fragment(
        packet: ByteBuffer, fields: LinkFields = LinkFields(), mtu: Int
    ) throws(WireError) -> [ByteBuffer] {
        if fields.isEmpty, packet.readableBytes <= min(mtu, LpHeader.maximumPacketSize) { return [packet] }
        var train = ByteBuffer()
        let size = try fragment(packet: packet, fields: fields, mtu: mtu, into: &train)
        var fragments: [ByteBuffer] = []
        while let next = train.readSlice(length: min(max(size, 1), train.readableBytes)), next.readableBytes > 0 {
            fragments.append(next)
        }
        return fragments
    }

    private mutating func write(
        _ packet: ByteBuffer, _ fields: LinkFields, _ plan: FragmentPlan, into train: inout ByteBuffer
    ) {
        var rest = packet
        train.reserveCapacity(minimumWritableBytes: plan.size * plan.count)
        for index in 0..<plan.count {
            let length = min(index == 0 ? plan.first : plan.middle, rest.readableBytes)
            unsafe (index == 0 ? fields : LinkFields()).withHeader { header, base in
                header.setFragment(index, of: plan.count, sequence: sequence)
                unsafe train.writeLpHeader(&header, base, fragmentLength: length)
            }
            if let payload = rest.readSlice(length: length) { train.writeImmutableBuffer(payload) }
            sequence &+= 1
        }
    }
}

/// How a packet is split: octets of payload in fragment 0 and in the others, octets on the wire of all but the last.
struct FragmentPlan {
    let count: Int
    let size: Int
    let first: Int
    let middle: Int

    /// The plan with the fewest fragments; nil if more than 400 were needed.
    init?(octets: Int, _ fields: LinkFields, mtu: Int) {
        let least = max(2, octets / max(mtu, 1))
        let most = Int(CNDN_LP_MAX_FRAGMENTS)
        guard least <= most else { return nil }
        for count in least...most {
            let overhead = Self.headerSize(LinkFields(), count)
            let extra = Self.headerSize(fields, count) - overhead
            let even = (octets + count * overhead + extra + count - 1) / count
            // A size between those that a var-number of one octet and of three can make does not exist: try the next.
            for size in max(even - 4, 1)..<max(even + 8, 1) where size <= mtu {
                guard let first = Self.payload(fields, count, size),
                    let middle = Self.payload(LinkFields(), count, size)
                else { continue }
                let beforeLast = first + middle * (count - 2)
                guard beforeLast < octets, beforeLast + middle >= octets else { continue }
                (self.count, self.size, self.first, self.middle) = (count, size, first, middle)
                return
            }
        }
        return nil
    }

    /// Octets of an LpPacket with a payload of `length` octets.
    private static func size(_ fields: LinkFields, _ count: Int, payload length: Int) -> Int {
        unsafe fields.withHeader { header, _ in
            header.setFragment(0, of: count, sequence: 0)
            return unsafe Int(cndn_lp_size(&header, length))
        }
    }

    /// Octets around a payload of usual size.
    private static func headerSize(_ fields: LinkFields, _ count: Int) -> Int {
        size(fields, count, payload: 1000) - 1000
    }

    /// Octets of payload that make an LpPacket of exactly `size` octets.
    private static func payload(_ fields: LinkFields, _ count: Int, _ size: Int) -> Int? {
        let least = size - headerSize(fields, count)
        return (max(least, 1)..<max(least, 1) + 5).first { self.size(fields, count, payload: $0) == size }
    }
}

extension cndn_lp {
    fileprivate mutating func setFragment(_ index: Int, of count: Int, sequence: UInt64) {
        has_sequence = true
        has_frag_index = true
        has_frag_count = true
        self.sequence = sequence
        frag_index = UInt64(index)
        frag_count = UInt64(count)
    }
}
