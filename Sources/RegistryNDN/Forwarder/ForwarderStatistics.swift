internal import NDN

/// What the forwarder has done, and how much it holds.
package struct ForwarderStatistics: Equatable, Sendable {
    package var interests: UInt64 = 0
    package var data: UInt64 = 0
    /// Interests answered from the content store, and those that were not.
    package var hits: UInt64 = 0
    package var misses: UInt64 = 0
    /// Octets of memory the content store uses, and those that it may use.
    package var storedOctets = 0
    package var storeCapacity = 0
    /// Packets in the content store, and those that left it to make room for others.
    package var stored = 0
    package var evictions: UInt64 = 0
    /// Interests pending, and how many may be.
    package var pending = 0
    package var pendingLimit = 0
    package var faces = 0
    /// Prefixes with a route.
    package var routes = 0
    /// Nacks received, and packets not taken for want of room or against a rule.
    package var nacks: UInt64 = 0
    package var drops: UInt64 = 0
    /// Interests that ended with Data, and without.
    package var satisfied: UInt64 = 0
    package var unsatisfied: UInt64 = 0
}

extension ForwardingCore {
    /// Sums and sizes at this moment.
    package var statistics: ForwarderStatistics {
        ForwarderStatistics(
            interests: counters.interests, data: counters.data, hits: store.hits, misses: store.misses,
            storedOctets: store.octets, storeCapacity: limits.contentStore, stored: store.count,
            evictions: store.evictions, pending: pit.count, pendingLimit: limits.pendingInterests, faces: faces.count,
            routes: routes.count, nacks: counters.nacks, drops: counters.drops, satisfied: counters.satisfied,
            unsatisfied: counters.unsatisfied)
    }
}
