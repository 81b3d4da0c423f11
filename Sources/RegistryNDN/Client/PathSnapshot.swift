internal import NIOCore

/// What there is to say of an NDN path at one moment.
struct PathSnapshot: Sendable {
    /// Whether blobs are asked for over it.
    var isUp: Bool
    /// The same in words for people.
    var standing = ""
    /// Why the last request that left NDN did so.
    var fallback: Fallback?
    var drought: NDNDrought.Report?
    /// Since something of a blob came over it last; nil when nothing ever did.
    var sinceSuccess: TimeAmount?
    /// Pulls that read over it.
    var pulls = 0
    /// Smoothed round-trip time to the router or producer; nil while it is not known.
    var roundTrip: TimeAmount?
    /// Congestion window, in segments; 0 while nothing is read.
    var window = 0
    /// Segments asked for that are not here yet.
    var outstanding: UInt64 = 0
}
