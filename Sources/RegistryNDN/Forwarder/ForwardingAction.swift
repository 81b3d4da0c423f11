package import NDN
package import NIOCore

/// What the forwarding core wants done: one packet out of one face.
package struct ForwardingAction: Sendable {
    package let face: UInt64
    /// A bare Interest or Data.
    package let packet: ByteBuffer
    /// Its link-layer fields; a Nack is its Interest with the reason here.
    package let fields: LinkFields

    /// The fields to send: Data for a peer that lags behind is marked, so that the peer asks for less before anything is lost
    /// (docs/protocol.md 7.2, CongestionMark).
    func fields(isBacklogged: Bool) -> LinkFields {
        guard isBacklogged, packet.getInteger(at: packet.readerIndex, as: UInt8.self) == FirstOctet.data else {
            return fields
        }
        var fields = fields
        fields.congestionMark = max(fields.congestionMark, 1)
        return fields
    }
}
