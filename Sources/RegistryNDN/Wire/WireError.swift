/// Why octets are not the NDN element they should be.
public enum WireError: Error, Equatable, Sendable {
    /// More octets are needed; on a stream: wait, in a datagram: reject.
    case incomplete
    /// The octets break a MUST of the specification.
    case invalid
    /// The caller's buffer is too small for what is encoded.
    case noSpace
    /// A Name URI that does not follow the NDN URI scheme.
    case uri(String)
}
