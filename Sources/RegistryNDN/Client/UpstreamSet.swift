/// Which of several upstreams a request is for: pure, and from a closed list.
///
/// In this order: `ns=<host>`; the listener that the request came to; the registry's host as the first component of the
/// repository's name; the default. Nothing in a request is ever an address to dial.
public struct UpstreamSet: Hashable, Sendable {
    /// One upstream, as far as the selection goes.
    public struct Entry: Hashable, Sendable {
        /// The registries that it stands for.
        public var hosts: [RegistryHost]
        /// Serves what names no registry.
        public var isDefault: Bool
        /// Numbers of the listeners whose requests are all for this upstream.
        public var listeners: Set<Int>
        /// Whether one of the hosts as the first component of a repository's name selects it; else such a name is the
        /// upstream's own.
        public var takesPrefix: Bool

        public init(
            hosts: [RegistryHost], isDefault: Bool = false, listeners: Set<Int> = [], takesPrefix: Bool = true
        ) {
            self.hosts = hosts
            self.isDefault = isDefault
            self.listeners = listeners
            self.takesPrefix = takesPrefix
        }
    }

    /// What a request is for.
    enum Selection: Hashable {
        case upstream(UpstreamRoute)
        /// `/v2/` itself, of no registry in particular.
        case version
        case refused(Refusal)
    }

    enum Refusal: Hashable, CustomStringConvertible {
        /// `ns` names no upstream of the list.
        case unknownNamespace(String)
        /// `ns` is there several times, with different values.
        case ambiguousNamespace
        /// Nothing says which registry is meant.
        case noUpstream

        var description: String {
            switch self {
            case .unknownNamespace(let text): "this mirror does not serve the registry \"\(text)\""
            case .ambiguousNamespace: "more than one registry in ns="
            case .noUpstream: "the request names no registry, and this mirror has no default"
            }
        }
    }

    private let entries: [Entry]
    private let byHost: [RegistryHost: Int]
    private let byListener: [Int: Int]
    private let fallback: Int?

    /// - Throws: ``Conflict`` when a host, a listener or the default belongs to two upstreams.
    public init(_ entries: [Entry]) throws(Conflict) {
        var byHost: [RegistryHost: Int] = [:]
        var byListener: [Int: Int] = [:]
        var fallback: Int?
        for (index, entry) in entries.enumerated() {
            for host in entry.hosts where byHost.updateValue(index, forKey: host) ?? index != index {
                throw .host(host)
            }
            for listener in entry.listeners where byListener.updateValue(index, forKey: listener) ?? index != index {
                throw .listener(listener)
            }
            if entry.isDefault {
                guard fallback == nil else { throw .twoDefaults }
                fallback = index
            }
        }
        // Alone, it serves everything.
        if entries.count == 1 { fallback = 0 }
        self.entries = entries
        self.byHost = byHost
        self.byListener = byListener
        self.fallback = fallback
    }

    /// Why upstreams cannot stand beside each other.
    public enum Conflict: Error, Hashable, Sendable {
        case host(RegistryHost)
        case listener(Int)
        case twoDefaults
    }

    /// Selects the upstream of a request.
    ///
    /// - Parameters:
    ///   - target: the request target, in origin form.
    ///   - listener: the number of the listener that it came to.
    func select(target: String, listener: Int) -> Selection {
        guard target.hasPrefix(Self.root) else { return plain(target, listener) }
        let query = NamespaceQuery(target: target)
        guard let value = query.values.first else { return plain(target, listener) }
        guard query.values.allSatisfy({ $0 == value }) else { return .refused(.ambiguousNamespace) }
        guard let host = NamespaceQuery.host(value), let index = byHost[host] else {
            return .refused(.unknownNamespace(String(value.prefix(100))))
        }
        return .upstream(UpstreamRoute(index: index, target: query.target, namespace: value))
    }

    private static let root = "/v2/"

    private func plain(_ target: String, _ listener: Int) -> Selection {
        if let index = byListener[listener] { return .upstream(UpstreamRoute(index: index, target: target)) }
        if let route = prefixed(target) { return .upstream(route) }
        if let fallback { return .upstream(UpstreamRoute(index: fallback, target: target)) }
        return target == Self.root || target == Self.root.dropLast() ? .version : .refused(.noUpstream)
    }

    /// `/v2/quay.io/org/app/…`: the first component is one of the hosts, and more of a name follows it.
    private func prefixed(_ target: String) -> UpstreamRoute? {
        guard target.hasPrefix(Self.root) else { return nil }
        let rest = target.dropFirst(Self.root.count)
        guard let slash = rest.firstIndex(of: "/"), let host = RegistryHost(rest[..<slash]),
            let index = byHost[host], entries[index].takesPrefix
        else { return nil }
        return UpstreamRoute(
            index: index, target: Self.root + rest[rest.index(after: slash)...],
            repositoryPrefix: String(rest[..<slash]))
    }
}

/// The upstream of a request, and the request as that upstream knows it.
struct UpstreamRoute: Hashable {
    /// In the list that the set was made of.
    let index: Int
    let target: String
    /// The component that was taken off the repository's name.
    var repositoryPrefix: String?
    /// The value of `ns` that was taken out of the query, percent-encoded.
    var namespace: String?
}
