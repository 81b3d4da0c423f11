public import NIOCore

/// What one fetch did so far.
public struct FetchStatistics: Sendable, Hashable {
    /// Distinct segments received.
    public var segments: UInt64 = 0
    /// Payload octets in them.
    public var octets: UInt64 = 0
    /// Interests sent for segments, retransmissions included.
    public var interests: UInt64 = 0
    /// Interests sent again.
    public var retransmissions: UInt64 = 0
    /// Segments taken for lost because the retransmission timer expired.
    public var timeouts: UInt64 = 0
    /// Segments taken for lost because later ones overtook them.
    public var overtaken: UInt64 = 0
    /// Nacks of the network.
    public var nacks: UInt64 = 0
    /// Data packets with a congestion mark.
    public var marks: UInt64 = 0
    /// Data packets for segments that were already here.
    public var duplicates: UInt64 = 0
    /// Losses that were none: the segment had only been late.
    public var spurious: UInt64 = 0
    /// Data packets that were not what they should be.
    public var faults: UInt64 = 0
    /// Segments that came from elsewhere, since the path gave only faulty ones.
    public var repaired: UInt64 = 0
    /// Segments asked for that are not here now.
    public var outstanding: UInt64 = 0
    /// Smoothed RTT of the path, RFC 6298; nil before the first sample.
    public var smoothedRTT: TimeAmount?
    /// Smallest RTT seen on the path.
    public var minimumRTT: TimeAmount?
    /// Congestion window of the path, in segments.
    public var window = 0

    /// The statistics of a fetch that has not begun: all zero.
    public init() {}
}
