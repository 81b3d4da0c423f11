public import NIOCore

/// What the forwarding core wants done: one packet out of one face.
public struct ForwardingAction: Sendable {
    public let face: UInt64
    /// A bare Interest or Data.
    public let packet: ByteBuffer
    /// Its link-layer fields; a Nack is its Interest with the reason here.
    public let fields: LinkFields
}
