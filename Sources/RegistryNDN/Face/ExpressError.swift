/// Why an Interest brought no Data.
public enum ExpressError: Error, Hashable, Sendable {
    /// Nothing came within the lifetime, retransmissions included.
    case timeout
    /// The network answered with a Nack.
    case nack(NackReason)
    /// The face is down, or went down while the Interest was pending.
    case faceDown
    /// The Interest cannot be encoded, or exceeds a packet.
    case malformed
}
