/// What passed a face since it was made. Octets are those of the NDN packets with their link header.
public struct FaceCounters: Hashable, Sendable {
    public var inInterests: UInt64 = 0
    public var inData: UInt64 = 0
    public var inNacks: UInt64 = 0
    public var inOctets: UInt64 = 0
    public var outInterests: UInt64 = 0
    public var outData: UInt64 = 0
    public var outNacks: UInt64 = 0
    public var outOctets: UInt64 = 0
    /// Elements that could not be decoded, or that the link rules forbid.
    public var inDrops: UInt64 = 0
    /// Packets not sent: the face was down, its queue full, or the packet too large.
    public var outDrops: UInt64 = 0

    public init() {}
}
