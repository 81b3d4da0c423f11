internal import Synchronization

/// The registries of a client at one time, and how requests find them.
package struct ServedRegistries: Sendable {
    /// In the order in which `upstreams` lists them.
    package let sites: [RegistrySite]
    package let upstreams: UpstreamSet
    /// Which requests get our own credentials.
    package let lending: LendingRule

    package init(sites: [RegistrySite], upstreams: UpstreamSet, lending: LendingRule = LendingRule()) {
        self.sites = sites
        self.upstreams = upstreams
        self.lending = lending
    }
}

/// Which registries a client serves, while they may be replaced by others.
///
/// A request takes what there is when it begins, and ends with that.
final class RegistryTable: Sendable {
    /// A registry that is served from now on.
    struct Arrival: Sendable {
        let site: RegistrySite
        /// Ends when the registry is served no more.
        let departure: AsyncStream<Void>
    }

    private struct State {
        var current: ServedRegistries
        var departures: [ObjectIdentifier: AsyncStream<Void>.Continuation] = [:]
        /// No request finds them, but one that began before may still be under way.
        var retired: [RegistrySite] = []
    }

    private let state: Mutex<State>
    /// Each registry once, those of the beginning too. For one reader.
    let arrivals: AsyncStream<Arrival>
    private let arrival: AsyncStream<Arrival>.Continuation

    init(_ registries: ServedRegistries) {
        (arrivals, arrival) = AsyncStream.makeStream()
        state = Mutex(State(current: registries))
        for site in registries.sites { arrive(site) }
    }

    var current: ServedRegistries { state.withLock { $0.current } }

    /// Registries that are served, or were.
    var everServed: [RegistrySite] { state.withLock { $0.retired + $0.current.sites } }

    /// Serves others from now on; a site that is in both goes on as it is.
    func replace(with registries: ServedRegistries) {
        let added = state.withLock { state in
            let old = Set(state.current.sites.map(\.id))
            let new = Set(registries.sites.map(\.id))
            for site in state.current.sites where !new.contains(site.id) {
                state.departures.removeValue(forKey: site.id)?.finish()
                state.retired.append(site)
            }
            state.current = registries
            return registries.sites.filter { !old.contains($0.id) }
        }
        for site in added { arrive(site) }
    }

    private func arrive(_ site: RegistrySite) {
        let (departure, continuation) = AsyncStream.makeStream(of: Void.self)
        state.withLock { $0.departures[site.id] = continuation }
        arrival.yield(Arrival(site: site, departure: departure))
    }
}

extension RegistrySite {
    /// Of this site, however often it is copied.
    fileprivate var id: ObjectIdentifier { ObjectIdentifier(upstream) }
}
