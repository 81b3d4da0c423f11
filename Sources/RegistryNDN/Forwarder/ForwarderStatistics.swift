internal import NDN

/// What the statistics line of the forwarder says.
package struct ForwarderStatistics: Equatable, Sendable {
    package var interests: UInt64 = 0
    package var data: UInt64 = 0
    /// Interests answered from the content store, and those that were not.
    package var hits: UInt64 = 0
    package var misses: UInt64 = 0
    /// Octets of memory the content store uses.
    package var storedOctets = 0
    /// Interests pending.
    package var pending = 0
    package var faces = 0
}

extension ForwardingCore {
    /// Sums and sizes at this moment.
    package var statistics: ForwarderStatistics {
        ForwarderStatistics(
            interests: counters.interests, data: counters.data, hits: store.hits, misses: store.misses,
            storedOctets: store.octets, pending: pit.count, faces: faces.count)
    }
}
