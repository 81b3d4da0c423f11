package import NDN
package import NIOCore

/// A face that leads towards a prefix.
package struct NextHop: Equatable, Sendable {
    package var face: UInt64
    package var cost: UInt64
}

/// RIB and FIB in one: routes as registered, and for each prefix the next hops that follow from them, cheapest first.
///
/// Changes are rare and cost time in proportion to the table; lookups are one hash for each prefix length in use.
package struct RoutingTable: Sendable {
    /// A registered route (docs/protocol.md 8.4).
    package struct Route: Equatable, Sendable {
        package var face: UInt64
        package var origin: UInt64
        package var cost: UInt64
        package var flags: RouteFlags
        /// When it vanishes; nil: with its face.
        package var expiry: NIODeadline?

        package init(
            face: UInt64, origin: UInt64 = 0, cost: UInt64 = 0, flags: RouteFlags = .childInherit,
            expiry: NIODeadline? = nil
        ) {
            self.face = face
            self.origin = origin
            self.cost = cost
            self.flags = flags
            self.expiry = expiry
        }
    }

    /// Why a route is not taken.
    package enum Refusal: Error, Equatable {
        /// More components than NFD takes either (docs/protocol.md 8.4).
        case prefixTooLong
        case tableFull
    }

    /// Components of the longest prefix.
    package static let maximumLength = 32

    private struct Entry {
        var routes: [Route] = []
        var nextHops: [NextHop] = []
    }

    private var entries: [Name: Entry] = [:]
    /// Prefixes of each length.
    private var lengths = Array(repeating: 0, count: maximumLength + 1)
    private var longest = 0
    private let capacity: Int
    /// Routes in all.
    package private(set) var routeCount = 0
    /// When `expire` is due; may be early.
    package private(set) var deadline: NIODeadline?

    package init(capacity: Int = 4096) {
        self.capacity = capacity
    }

    /// Routes of each face.
    private var routesOfFace: [UInt64: Int] = [:]

    /// Whether any route leads to a face.
    package func hasRoute(to face: UInt64) -> Bool { routesOfFace[face] != nil }

    /// Prefixes with a route.
    package var count: Int { entries.count }

    /// The next hops of the longest prefix of `name` that has any; empty: no route.
    package func nextHops(for name: Name) -> [NextHop] { match(name)?.nextHops ?? [] }

    /// The longest prefix of `name` that has next hops; nil: no route.
    package func match(_ name: Name) -> (prefix: Name, nextHops: [NextHop])? {
        var length = min(name.count, longest)
        while length >= 0 {
            if lengths[length] > 0 {
                let prefix = name.prefix(length)
                if let entry = entries[prefix] { return (prefix, entry.nextHops) }
            }
            length -= 1
        }
        return nil
    }

    /// Adds a route, or renews the one of the same face and origin.
    package mutating func register(_ prefix: Name, _ route: Route) throws(Refusal) {
        let length = prefix.count
        guard length <= Self.maximumLength else { throw .prefixTooLong }
        if let expiry = route.expiry { deadline = min(deadline ?? expiry, expiry) }
        if let index = entries[prefix]?.routes.firstIndex(where: { $0.isSame(as: route) }) {
            let old = entries[prefix]?.routes[index]
            entries[prefix]?.routes[index] = route
            if old?.cost != route.cost || old?.flags != route.flags { update(prefix) }
            return
        }
        guard routeCount < capacity else { throw .tableFull }
        let prefix = prefix.owned()
        if entries[prefix] == nil {
            lengths[length] += 1
            longest = max(longest, length)
        }
        entries[prefix, default: Entry()].routes.append(route)
        routeCount += 1
        routesOfFace[route.face, default: 0] += 1
        update(prefix)
    }

    /// Removes the route of this face and origin, if there is one.
    package mutating func unregister(_ prefix: Name, face: UInt64, origin: UInt64) {
        remove(from: prefix) { $0.face == face && $0.origin == origin }
    }

    /// Removes all routes of a face that is gone.
    package mutating func removeFace(_ face: UInt64) {
        for prefix in prefixes(where: { $0.face == face }) { remove(from: prefix) { $0.face == face } }
    }

    /// Removes the routes whose time is over.
    package mutating func expire(now: NIODeadline) {
        guard let deadline, deadline <= now else { return }
        let isOver = { (route: Route) in route.expiry.map { $0 <= now } ?? false }
        for prefix in prefixes(where: isOver) { remove(from: prefix, where: isOver) }
        self.deadline = entries.values.lazy.flatMap(\.routes).compactMap(\.expiry).min()
    }

    /// The dataset `rib/list`, in canonical order.
    package func list(now: NIODeadline) -> [RibEntry] {
        entries.sorted { $0.key < $1.key }.map { prefix, entry in
            RibEntry(
                name: prefix,
                routes: entry.routes.map { route in
                    RibEntry.Route(
                        faceID: route.face, origin: route.origin, cost: route.cost, flags: route.flags,
                        expirationPeriod: route.expiry.map { UInt64(max(0, ($0 - now).nanoseconds / 1_000_000)) })
                })
        }
    }

    private func prefixes(where isMeant: (Route) -> Bool) -> [Name] {
        entries.filter { $0.value.routes.contains(where: isMeant) }.map(\.key)
    }

    private mutating func remove(from prefix: Name, where isMeant: (Route) -> Bool) {
        guard var entry = entries[prefix] else { return }
        let removed = entry.routes.filter(isMeant)
        guard !removed.isEmpty else { return }
        entry.routes.removeAll(where: isMeant)
        routeCount -= removed.count
        for route in removed {
            routesOfFace[route.face] = routesOfFace[route.face].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
        entries[prefix] = entry.routes.isEmpty ? nil : entry
        if entry.routes.isEmpty {
            lengths[prefix.count] -= 1
            longest = lengths.lastIndex { $0 > 0 } ?? 0
        }
        update(prefix)
    }

    /// Computes the next hops of a prefix and of all that it may lend routes to.
    private mutating func update(_ prefix: Name) {
        for name in Array(entries.keys) where prefix.isPrefix(of: name) {
            let hops = flattened(name)
            entries[name]?.nextHops = hops
        }
    }

    /// A prefix's own routes, then those that shorter prefixes hand down (`childInherit`), up to the first that captures;
    /// a face's nearest route counts.
    private func flattened(_ name: Name) -> [NextHop] {
        var hops: [NextHop] = []
        var length = name.count
        while length >= 0 {
            let isOwn = length == name.count
            if lengths[length] > 0, let entry = entries[name.prefix(length)] {
                let known = hops.map(\.face)
                for route in entry.routes where isOwn || route.flags.contains(.childInherit) {
                    guard !known.contains(route.face) else { continue }
                    hops.merge(NextHop(face: route.face, cost: route.cost))
                }
                if entry.routes.contains(where: { $0.flags.contains(.capture) }) { break }
            }
            length -= 1
        }
        return hops.sorted { ($0.cost, $0.face) < ($1.cost, $1.face) }
    }
}

extension RoutingTable.Route {
    fileprivate func isSame(as other: Self) -> Bool { face == other.face && origin == other.origin }
}

extension [NextHop] {
    /// Adds a hop; of two to the same face the cheaper one stays.
    fileprivate mutating func merge(_ hop: NextHop) {
        guard let index = firstIndex(where: { $0.face == hop.face }) else { return append(hop) }
        self[index].cost = Swift.min(self[index].cost, hop.cost)
    }
}
