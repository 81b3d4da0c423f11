/// What the statistics line of the forwarder says.
public struct ForwarderStatistics: Equatable, Sendable {
    public var interests: UInt64 = 0
    public var data: UInt64 = 0
    /// Interests answered from the content store, and those that were not.
    public var hits: UInt64 = 0
    public var misses: UInt64 = 0
    /// Octets of memory the content store uses.
    public var storedOctets = 0
    /// Interests pending.
    public var pending = 0
    public var faces = 0
}

extension ForwardingCore {
    /// Sums and sizes at this moment.
    public var statistics: ForwarderStatistics {
        ForwarderStatistics(
            interests: counters.interests, data: counters.data, hits: store.hits, misses: store.misses,
            storedOctets: store.octets, pending: pit.count, faces: faces.count)
    }
}
