import Logging
public import NIOCore

extension Face {
    /// Queues one bare Interest or Data until `flush()`, with a link header where `fields` or the MTU ask for one.
    ///
    /// Dropped and counted when the face is not up, its queue is full, or the packet exceeds what the link takes.
    public func send(_ packet: ByteBuffer, _ fields: LinkFields = LinkFields()) {
        guard let transport, packet.readableBytes <= Face.maximumPacketSize else { return dropOutgoing(1) }
        if fields.isEmpty, packet.readableBytes <= mtu {
            guard transport.send(packet) else { return dropOutgoing(1) }
        } else {
            var elements = ByteBuffer()
            guard let size = try? fragmenter.fragment(packet: packet, fields: fields, mtu: mtu, into: &elements),
                transport.isDatagram || elements.readableBytes == size,
                transport.send(train: elements, packetSize: size)
            else { return dropOutgoing(1) }
        }
        count(packet, 1, isNack: fields.nack != nil)
    }

    /// Queues bare packets of equal size that lie back to back in `train`; only the last may be shorter.
    ///
    /// On UDP they leave in few system calls, on a stream as one write.
    public func send(train: ByteBuffer, packetSize: Int) {
        guard packetSize > 0, train.readableBytes > 0 else { return }
        let packets = (train.readableBytes - 1) / packetSize + 1
        guard let transport, packetSize <= Face.maximumPacketSize else { return dropOutgoing(packets) }
        if packetSize <= mtu {
            guard transport.send(train: train, packetSize: packetSize) else { return dropOutgoing(packets) }
            count(train, packets, isNack: false)
        } else {
            var rest = train
            while let packet = rest.readSlice(length: min(packetSize, rest.readableBytes)), packet.readableBytes > 0 {
                send(packet)
            }
        }
    }

    /// Whether so much waits for the peer that it should be told to ask for less (CongestionMark).
    package var isBacklogged: Bool { transport?.isBacklogged ?? false }

    /// Hands everything queued to the kernel.
    public func flush() {
        transport?.flush()
    }

    private func count(_ packets: ByteBuffer, _ number: Int, isNack: Bool) {
        counters.outOctets &+= UInt64(packets.readableBytes)
        if isNack {
            counters.outNacks &+= 1
        } else if packets.getInteger(at: packets.readerIndex, as: UInt8.self) == FirstOctet.data {
            counters.outData &+= UInt64(number)
        } else {
            counters.outInterests &+= UInt64(number)
            note(.asked)
        }
    }

    func dropOutgoing(_ number: Int) {
        counters.outDrops &+= UInt64(number)
        logger.trace("dropped what should go out", metadata: ["packets": .stringConvertible(number)])
    }
}
