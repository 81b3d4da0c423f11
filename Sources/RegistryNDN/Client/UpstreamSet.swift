internal import NDN
internal import NIOHTTP1

/// Says which of several upstreams a request is for. Logic only, with a closed list of upstreams.
///
/// In this order: `ns=<host>`; the listener that the request came to; the registry's host in the path, as the first
/// component of the repository's name or of the whole path; the default. Nothing in a request is ever an address to dial.
package struct UpstreamSet: Hashable, Sendable {
    /// One upstream, as far as the selection goes.
    package struct Entry: Hashable, Sendable {
        /// The hosts of the registries that it stands for.
        package var hosts: [RegistryHost]
        /// Whether it serves requests that name no registry.
        package var isDefault: Bool
        /// Whether it also takes writes that name no registry, when it is the default of several.
        package var takesUnnamedWrites: Bool
        /// Numbers of the listeners whose requests are all for this upstream.
        package var listeners: Set<Int>
        /// Whether one of the hosts in the path selects it; else names that begin so are the upstream's own.
        package var takesPrefix: Bool

        package init(
            hosts: [RegistryHost], isDefault: Bool = false, takesUnnamedWrites: Bool = false, listeners: Set<Int> = [],
            takesPrefix: Bool = true
        ) {
            self.hosts = hosts
            self.isDefault = isDefault
            self.takesUnnamedWrites = takesUnnamedWrites
            self.listeners = listeners
            self.takesPrefix = takesPrefix
        }
    }

    /// What a request is for.
    enum Selection: Hashable {
        case upstream(UpstreamRoute)
        /// `/v2/` itself is asked for, of no registry in particular.
        case version
        case refused(Refusal)
    }

    /// Why no upstream is selected, and what to do about it.
    enum Refusal: Hashable, CustomStringConvertible {
        /// `ns` names no upstream of the list.
        case unknownNamespace(String, known: [String])
        /// `ns` is there several times, with different values.
        case ambiguousNamespace
        /// The request does not say which registry is meant.
        case noUpstream(known: [String])
        /// The request does not say which registry is to be changed.
        case unnamedWrite(known: [String])

        var description: String {
            switch self {
            case .unknownNamespace(let text, let known):
                "this mirror does not serve the registry \"\(text[...].abridged(to: 100))\"\(Self.list(known)); add it with \(RegistrySetting.registry), or to hosts in the file of \(RegistrySetting.registryFile)"
            case .ambiguousNamespace: "more than one registry in ns="
            case .noUpstream(let known):
                "the request names no registry, and this mirror has no default: put the registry before the repository's name\(Self.list(known))"
            case .unnamedWrite(let known):
                "the push names no registry, and this mirror has several: put the registry before the repository's name\(Self.list(known)), push to an address of its own (\(Setting.listener)), or start the mirror with \(RegistrySetting.pushDefault) if its default is meant"
            }
        }

        var status: HTTPResponseStatus {
            switch self {
            case .unknownNamespace, .noUpstream: .notFound
            case .ambiguousNamespace: .badRequest
            case .unnamedWrite: .forbidden
            }
        }

        var error: OCIError {
            switch self {
            case .unnamedWrite: OCIError(.denied, message: description)
            default: OCIError(.nameUnknown, message: description)
            }
        }

        /// A few of the registries that there are.
        private static func list(_ known: [String]) -> String {
            guard !known.isEmpty else { return "" }
            let more = known.count > 8 ? ", …" : ""
            return " (here: \(known.prefix(8).joined(separator: ", "))\(more))"
        }
    }

    private let entries: [Entry]
    private let byHost: [RegistryHost: Int]
    private let byListener: [Int: Int]
    private let fallback: Int?

    /// - Throws: ``Conflict`` when a host, a listener or the default belongs to two upstreams.
    package init(_ entries: [Entry]) throws(Conflict) {
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

    /// What belongs to two upstreams of a list, and may belong to one.
    package enum Conflict: Error, Hashable, Sendable {
        case host(RegistryHost)
        case listener(Int)
        case twoDefaults
    }

    /// Selects the upstream of a request.
    ///
    /// - Parameters:
    ///   - text: the request target, in origin form.
    ///   - isWrite: whether the request may change something.
    ///   - listener: the number of the listener that it came to.
    func select(target text: String, isWrite: Bool = false, listener: Int) -> Selection {
        let target = RequestTarget(text)
        if let selection = byNamespace(target) { return selection }
        if let index = byListener[listener] { return .upstream(route(to: index, target)) }
        if let (index, _) = host(in: target.path) { return .upstream(route(to: index, target)) }
        guard let fallback else {
            let isVersion = text == Self.root || text == Self.root.dropLast()
            return isVersion ? .version : .refused(.noUpstream(known: knownInPaths))
        }
        guard !isWrite || entries.count == 1 || entries[fallback].takesUnnamedWrites else {
            return .refused(.unnamedWrite(known: knownInPaths))
        }
        return .upstream(route(to: fallback, target))
    }

    private static let root = RegistrySelector.root

    /// `ns` selects below `/v2/`. Elsewhere it is there because a reference was placed here, behind the parameters that the
    /// registry gave it, of which one may have the same name.
    private func byNamespace(_ whole: RequestTarget) -> Selection? {
        var target = whole
        let isInterface = target.path.utf8.starts(with: Self.root.utf8)
        let values = target.values(of: "ns")
        guard let value = values.last else { return nil }
        target.remove("ns", lastAlone: !isInterface)
        guard let host = Self.host(value), let index = byHost[host] else {
            guard isInterface else { return nil }
            // The only registry there is, under whichever name: it would ignore `ns` itself.
            if isNameless { return .upstream(UpstreamRoute(index: 0, target: target.text)) }
            return .refused(.unknownNamespace(String(value.prefix(100)), known: known))
        }
        guard !isInterface || values.allSatisfy({ $0 == value }) else { return .refused(.ambiguousNamespace) }
        var route = route(to: index, target, isDockerHub: host.isDockerHub)
        route.selector.namespace = value
        return .upstream(route)
    }

    /// A value of `ns` as a host; nil when it is none.
    private static func host(_ value: String) -> RegistryHost? {
        guard let octets = PercentEncoding.decode(value) else { return nil }
        return RegistryHost(String(decoding: octets, as: UTF8.self))
    }

    /// Whether there is one upstream, which is selected by no name.
    private var isNameless: Bool { entries.count == 1 && !entries[0].takesPrefix }

    /// The upstream whose host stands in a path, `/v2/quay.io/org/app/…` or `/quay.io/…`.
    private func host(in path: String) -> (index: Int, found: HostInPath)? {
        guard let found = HostInPath(path), let index = byHost[found.host], entries[index].takesPrefix else {
            return nil
        }
        return (index, found)
    }

    /// The request as an upstream knows it: without the upstream's host in the path, whatever else selected it.
    private func route(to index: Int, _ target: RequestTarget, isDockerHub: Bool = false) -> UpstreamRoute {
        var target = target
        var isDockerHub = isDockerHub
        var selector = RegistrySelector()
        if let (owner, found) = host(in: target.path), owner == index {
            target.path = found.rest
            selector.host = found.text
            selector.isBeforeRoot = found.isBeforeRoot
            isDockerHub = isDockerHub || found.host.isDockerHub
        }
        if isDockerHub, target.path.utf8.starts(with: Self.root.utf8) {
            target.path = Self.root + OfficialImage.fullPath(target.path.dropFirst(Self.root.count))
        }
        if target.path.hasSuffix("/blobs/uploads/") {
            target.change("from") { source(of: $0, at: index, isDockerHub: isDockerHub) }
        }
        return UpstreamRoute(index: index, target: target.text, selector: selector)
    }

    /// The repository that a blob is mounted from (OCI distribution specification 1.1, "Mounting a blob from another
    /// repository") is called as the one that it is mounted to: with the registry's host, or Docker Hub's short name.
    private func source(of value: String, at index: Int, isDockerHub: Bool) -> String {
        guard let octets = PercentEncoding.decode(value) else { return value }
        let name = String(decoding: octets, as: UTF8.self)
        var rest = name
        var isDockerHub = isDockerHub
        if let (owner, found) = host(in: Self.root + name), owner == index {
            rest = String(found.rest.dropFirst(Self.root.count))
            isDockerHub = isDockerHub || found.host.isDockerHub
        }
        if isDockerHub { rest = OfficialImage.fullName(rest) }
        return rest == name ? value : PercentEncoding.encode(rest.utf8)
    }

    /// The hosts that select an upstream, to tell whoever gave none of them.
    private var known: [String] { byHost.keys.map(\.text).sorted() }

    /// The hosts that select an upstream in a path.
    private var knownInPaths: [String] {
        byHost.filter { entries[$0.value].takesPrefix }.keys.map(\.text).sorted()
    }
}

/// A host that stands in a path, and the path without it.
private struct HostInPath {
    let host: RegistryHost
    /// The host as it was written.
    let text: String
    let isBeforeRoot: Bool
    let rest: String

    init?(_ path: String) {
        let root = RegistrySelector.root
        isBeforeRoot = !path.utf8.starts(with: root.utf8)
        let names = path.dropFirst(isBeforeRoot ? 1 : root.count)
        guard path.utf8.first == UInt8(ascii: "/"), let slash = names.utf8.firstIndex(of: UInt8(ascii: "/")),
            let host = RegistryHost(names[..<slash])
        else { return nil }
        self.host = host
        text = String(names[..<slash])
        rest = (isBeforeRoot ? "" : "/v2") + names[slash...]
    }
}

/// The upstream of a request, and the request as that upstream knows it.
struct UpstreamRoute: Hashable {
    /// Its position in the list that the set was made of.
    let index: Int
    let target: String
    /// What was taken off the request's target.
    var selector = RegistrySelector()
}
