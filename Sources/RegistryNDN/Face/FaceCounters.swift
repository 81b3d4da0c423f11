/// What passed a face since it was made.
public struct FaceCounters: Hashable, Sendable {
    /// Interests received, Nacks not counted.
    public var inInterests: UInt64 = 0
    /// Data packets received.
    public var inData: UInt64 = 0
    /// Network Nacks received (docs/protocol.md 7.4).
    public var inNacks: UInt64 = 0
    /// Octets received, link headers and dropped elements included.
    public var inOctets: UInt64 = 0
    /// Interests handed to the transport, Nacks not counted.
    public var outInterests: UInt64 = 0
    /// Data packets handed to the transport.
    public var outData: UInt64 = 0
    /// Network Nacks handed to the transport (docs/protocol.md 7.4).
    public var outNacks: UInt64 = 0
    /// Octets handed to the transport, link headers included.
    public var outOctets: UInt64 = 0
    /// Elements that could not be decoded, or that the link rules forbid.
    public var inDrops: UInt64 = 0
    /// Packets not sent: the face was down, its queue full, or the packet too large.
    public var outDrops: UInt64 = 0

    /// All zero.
    public init() {}
}
