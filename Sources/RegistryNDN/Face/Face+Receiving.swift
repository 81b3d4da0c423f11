import Logging
import NIOCore

extension Face {
    /// Delivers one element: an Interest, a Data or an LpPacket.
    func receive(_ element: ByteBuffer) {
        note(.heard)
        counters.inOctets &+= UInt64(element.readableBytes)
        guard element.getInteger(at: element.readerIndex, as: UInt8.self) == FirstOctet.lpPacket else {
            return deliver(element, LinkFields())
        }
        guard let packet = try? LpPacket(decoding: element) else { return dropIncoming("not a valid LpPacket") }
        receive(packet)
    }

    /// One datagram, or several of equal size that the kernel put together (UDP_GRO).
    func receive(datagrams: ByteBuffer, segmentSize: Int?) {
        guard let segmentSize, segmentSize > 0, segmentSize < datagrams.readableBytes else { return receive(datagrams) }
        var rest = datagrams
        while state == .up, let datagram = rest.readSlice(length: min(segmentSize, rest.readableBytes)),
            datagram.readableBytes > 0
        {
            receive(datagram)
        }
    }

    /// Something is coming: called before the first element of a wake-up.
    func beginBatch() {
        isInBatch = true
        lastHeard = eventLoop.now
    }

    /// All elements of a wake-up have been delivered.
    func endBatch() {
        guard isInBatch else { return }
        delegate?.faceBatchEnded(self)
        isInBatch = false
        flush()
    }

    private func receive(_ packet: LpPacket) {
        // Local fields are never switched on here (docs/protocol.md 7.3).
        guard packet.nextHopFaceID == nil else { return dropIncoming("NextHopFaceId while local fields are off") }
        guard packet.isFragment else {
            guard let whole = try? packet.networkPacket() else {
                // An IDLE packet is accepted silently (docs/protocol.md 7.2).
                if packet.fragment != nil { dropIncoming("header fields that do not fit the packet") }
                return
            }
            return deliver(whole.packet, whole.fields)
        }
        // NFD ignores fragments on streams too (docs/protocol.md 7.6).
        guard transport?.isDatagram == true else { return dropIncoming("a fragment on a stream") }
        if reassembler == nil { reassembler = LpReassembler() }
        if let whole = reassembler?.receive(packet, now: lastHeard) {
            deliver(whole.packet, whole.fields)
        }
    }

    private func deliver(_ packet: ByteBuffer, _ fields: LinkFields) {
        switch packet.getInteger(at: packet.readerIndex, as: UInt8.self) {
        case FirstOctet.interest:
            guard let interest = try? Interest(decoding: packet) else { return dropIncoming("not a valid Interest") }
            if let reason = fields.nack {
                counters.inNacks &+= 1
                delegate?.face(self, receivedNack: reason, for: interest, fields)
            } else {
                counters.inInterests &+= 1
                delegate?.face(self, received: interest, fields)
            }
        case FirstOctet.data:
            guard fields.nack == nil else { return dropIncoming("a Nack around a Data") }
            guard let data = try? DataPacket(decoding: packet) else { return dropIncoming("not a valid Data") }
            counters.inData &+= 1
            delegate?.face(self, received: data, fields)
        default:
            dropIncoming("neither Interest nor Data")
        }
    }

    func dropIncoming(_ why: StaticString) {
        counters.inDrops &+= 1
        logger.trace("dropped what came in", metadata: ["why": "\(why)"])
    }
}

/// First octets of the three elements on a link: all their TYPEs fit one octet.
package enum FirstOctet {
    static let interest: UInt8 = 5
    package static let data: UInt8 = 6
    static let lpPacket: UInt8 = 100
}
