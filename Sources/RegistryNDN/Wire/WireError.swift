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

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .incomplete: "the packet is cut short"
        case .invalid: "the bytes break a rule of the NDN packet format"
        case .noSpace: "the packet does not fit the buffer that it is written to"
        case .uri(let reason): reason
        }
    }
}
