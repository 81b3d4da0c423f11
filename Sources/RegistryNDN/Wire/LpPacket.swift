internal import CNDNFast
package import NIOCore

/// What a peer sent over a link: an LpPacket with its header fields, or a bare Interest or Data (docs/protocol.md 7.2).
///
/// The octets stay where they are; fields and fragment are read from them or share their storage. What the fragment
/// holds is not looked at here: `networkPacket()` and `LpReassembler` do.
package struct LpPacket: Sendable {
    /// The octets that were decoded.
    package let wire: ByteBuffer
    let header: cndn_lp

    /// Decodes exactly one LpPacket, Interest or Data.
    ///
    /// - Throws: `WireError.incomplete` if the outer element goes on beyond the octets, `.invalid` if a rule of
    ///   docs/protocol.md 7.3 is broken.
    package init(decoding wire: ByteBuffer) throws(WireError) {
        var header = cndn_lp()
        let result = unsafe wire.withOctets { unsafe cndn_lp_decode($0, $1, &header) }
        try result.check()
        self.wire = wire
        self.header = header
    }

    /// Whether there is no LpPacket around the Interest or Data.
    package var isBare: Bool { header.bare }
    /// Whether this is one of several fragments of a network packet.
    package var isFragment: Bool { header.frag_count != 1 || header.frag_index != 0 }
    /// A network packet or a fragment of one; nil in an IDLE packet.
    package var fragment: ByteBuffer? { field(header.fragment) }

    /// The fields that travel on with the network packet.
    package var fields: LinkFields {
        guard !header.bare else { return LinkFields() }
        return LinkFields(pitToken: pitToken, nack: nack, congestionMark: header.congestion_mark)
    }

    package var sequence: UInt64? { header.has_sequence ? header.sequence : nil }
    /// 0 when absent.
    package var fragIndex: UInt64 { header.frag_index }
    /// 1 when absent.
    package var fragCount: UInt64 { header.frag_count }
    package var pitToken: PitToken? { field(header.pit_token).flatMap(PitToken.init) }
    /// The reason, if the fragment is the Interest of a Nack.
    package var nack: NackReason? { nackCode.map(NackReason.init(code:)) }
    /// The reason's code as the peer sent it, 0 when it gave none.
    package var nackCode: UInt64? { header.has_nack ? header.nack_reason : nil }
    package var incomingFaceID: UInt64? { header.has_incoming_face_id ? header.incoming_face_id : nil }
    package var nextHopFaceID: UInt64? { header.has_next_hop_face_id ? header.next_hop_face_id : nil }
    /// 1 = NoCache.
    package var cachePolicy: UInt64? { header.has_cache_policy ? header.cache_policy : nil }
    /// 0 = none.
    package var congestionMark: UInt64 { header.congestion_mark }
    package var txSequence: UInt64? { header.has_tx_sequence ? header.tx_sequence : nil }
    package var isNonDiscovery: Bool { header.has_non_discovery }
    /// A Data packet.
    package var prefixAnnouncement: ByteBuffer? { field(header.prefix_announcement) }
    /// TxSequences that the peer acknowledges, in its order.
    package var acks: [UInt64] {
        var header = header
        return unsafe wire.withOctets { octets, _ in
            guard let octets = unsafe octets else { return [] }
            return (0..<Int(header.acks.length) / Int(CNDN_LP_ACK_SIZE)).map { unsafe cndn_lp_ack(octets, &header, $0) }
        }
    }

    /// The network packet of an LpPacket that is not a fragment: exactly one Interest or Data of the kind that the
    /// header fields may accompany (docs/protocol.md 7.3).
    ///
    /// - Returns: nil for an IDLE packet.
    /// - Throws: `WireError.invalid` if the peer broke a rule, and for a fragment.
    package func networkPacket() throws(WireError) -> (packet: ByteBuffer, fields: LinkFields)? {
        guard !isFragment else { throw .invalid }
        guard let fragment else { return nil }
        guard header.bare || fragment.isNetworkPacket(permitted) else { throw .invalid }
        return (fragment, fields)
    }

    /// Appends the packet as it would be sent, without fields that are not known here.
    package func encode(into out: inout ByteBuffer) {
        guard !header.bare else {
            _ = out.writeImmutableBuffer(wire)
            return
        }
        var header = header
        unsafe wire.withOctets { base, _ in
            unsafe out.writeLpHeader(&header, base, fragmentLength: Int(header.fragment.length))
        }
        if let fragment { out.writeImmutableBuffer(fragment) }
    }

    /// Kinds of network packets that the header fields may accompany.
    var permitted: UInt8 {
        var header = header
        return unsafe cndn_lp_permitted(&header)
    }

    /// Whether Sequence, FragIndex and FragCount make sense together.
    var isFragmentationValid: Bool {
        var header = header
        return unsafe cndn_lp_check_fragmentation(&header) == CNDN_OK
    }

    private func field(_ span: cndn_span) -> ByteBuffer? {
        span.length > 0 ? wire.slice(span) : nil
    }
}

extension ByteBuffer {
    /// Whether the readable octets are exactly one Interest or Data of a permitted kind, by its outer element.
    func isNetworkPacket(_ permitted: UInt8) -> Bool {
        unsafe withOctets { unsafe cndn_lp_check_packet(permitted, $0, $1) } == CNDN_OK
    }
}
