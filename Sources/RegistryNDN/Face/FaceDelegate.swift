/// Who is told what happens on a face: synchronously, on the face's event loop.
///
/// Each packet is offered. A delegate that answers true has taken it, and an `Endpoint` offers it to no further delegate. The
/// packets of one wake-up are followed by one `faceBatchEnded`, the place to flush what was sent meanwhile. Packets are slices
/// of the receive buffer: a delegate copies what it keeps for long.
public protocol FaceDelegate: AnyObject {
    /// An Interest of the peer. `fields` has the PIT token that the answer must carry.
    @discardableResult
    func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool
    /// A Data of the peer, whose signature nobody has verified. `fields` has the peer's congestion mark.
    @discardableResult
    func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool
    /// A network Nack: the peer could not serve `interest` (which a forwarder may have re-encoded: match name and nonce).
    @discardableResult
    func face(_ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields) -> Bool
    /// The packets of one wake-up have been delivered.
    func faceBatchEnded(_ face: Face)
    /// The face came up, went down or was closed.
    func face(_ face: Face, changed state: FaceState)
}

/// A delegate leaves to others what it does not ask for.
extension FaceDelegate {
    /// Leaves the Interest to others.
    public func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool { false }
    /// Leaves the Data to others.
    public func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool { false }
    /// Leaves the Nack to others.
    public func face(
        _ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields
    ) -> Bool { false }
    /// Does nothing.
    public func faceBatchEnded(_ face: Face) {}
    /// Does nothing.
    public func face(_ face: Face, changed state: FaceState) {}
}
