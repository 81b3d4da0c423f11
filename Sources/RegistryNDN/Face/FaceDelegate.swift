/// The owner of a face: told of every packet synchronously, on the face's event loop.
///
/// All packets of one wake-up are followed by one `faceBatchEnded`, the place to flush what was sent meanwhile.
/// Packets are slices of the receive buffer: what is kept for long is to be copied.
public protocol FaceDelegate: AnyObject {
    func face(_ face: Face, received interest: Interest, _ fields: LinkFields)
    func face(_ face: Face, received data: DataPacket, _ fields: LinkFields)
    /// A network Nack: the peer could not serve `interest` (which a forwarder may have re-encoded: match name and nonce).
    func face(_ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields)
    /// The packets of one wake-up have been delivered.
    func faceBatchEnded(_ face: Face)
    /// The face came up, went down or was closed.
    func face(_ face: Face, changed state: FaceState)
}
