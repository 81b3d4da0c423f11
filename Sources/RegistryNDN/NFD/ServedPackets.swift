internal import NIOCore

/// Data packets that are at hand, by name: certificates, which a hub asks its clients for (docs/protocol.md 8.8).
package struct ServedPackets: Sendable {
    private let packets: [DataPacket]

    package init(_ packets: [DataPacket]) {
        self.packets = packets
    }

    /// The packet that satisfies an Interest: a KeyLocator may name a certificate or, with CanBePrefix, its key.
    package func packet(for interest: Interest) -> DataPacket? {
        packets.first { $0.satisfies(interest) }
    }

    /// Answers an Interest; false when nothing here does.
    func answer(_ interest: Interest, _ fields: LinkFields, on face: Face) -> Bool {
        guard let packet = packet(for: interest) else { return false }
        face.send(packet.wire, LinkFields(pitToken: fields.pitToken))
        if !face.isInBatch { face.flush() }
        return true
    }
}
