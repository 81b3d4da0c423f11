internal import NIOConcurrencyHelpers
internal import NIOCore

/// The connections to an upstream, and to the origins that it redirects to or has its token services at.
final class UpstreamPools: Sendable {
    private struct Other: Hashable {
        let origin: UpstreamURL
        let decodedLimit: Int?
    }

    private static let maximumOthers = 16

    let base: UpstreamURL
    /// The connections to the upstream itself.
    let own: ConnectionPool
    private let configuration: UpstreamConfiguration
    private let group: any EventLoopGroup
    private let local: LocalAddresses
    private let others = NIOLockedValueBox<[Other: ConnectionPool]>([:])

    init(base: UpstreamURL, group: any EventLoopGroup, configuration: UpstreamConfiguration) {
        self.base = base
        self.group = group
        self.configuration = configuration
        local = LocalAddresses(areOpen: configuration.followsToLocal)
        own = ConnectionPool(url: base, group: group, configuration: configuration, local: local, isRegistry: true)
    }

    /// Closes unused connections and fails those who wait; exchanges under way end by themselves.
    func shutdown() {
        own.shutdown()
        let pools = others.withLockedValue { pools in
            defer { pools = [:] }
            return pools
        }
        for other in pools.values { other.shutdown() }
    }

    /// Connections to an origin, the upstream's own or another.
    ///
    /// - Parameter decodedLimit: nil for those whose bodies come as they are; else of a kind of their own, on which gzip is
    ///   asked for, and decoded to at most so many bytes.
    func pool(for origin: UpstreamURL, decodedLimit: Int? = nil) -> ConnectionPool {
        guard origin != base.origin || decodedLimit != nil else { return own }
        let other = Other(origin: origin, decodedLimit: decodedLimit)
        let (pool, surplus) = others.withLockedValue { pools -> (ConnectionPool, [ConnectionPool]) in
            if let pool = pools[other] { return (pool, []) }
            let surplus = pools.count >= Self.maximumOthers ? Array(pools.values) : []
            if !surplus.isEmpty { pools = [:] }
            var configuration = configuration
            configuration.decodedLimit = decodedLimit
            let pool = ConnectionPool(
                url: origin, group: group, configuration: configuration, local: local,
                isRegistry: origin.host == base.host)
            pools[other] = pool
            return (pool, surplus)
        }
        for pool in surplus { pool.shutdown() }
        return pool
    }
}
