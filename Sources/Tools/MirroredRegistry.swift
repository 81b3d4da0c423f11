import ArgumentParser
import RegistryNDN

/// One registry that the client serves: what it is called, where it is, and under which prefix its blobs are published.
struct MirroredRegistry: Sendable {
    var hosts: [RegistryHost]
    var url: UpstreamURL
    var name: Name
    var isDefault = false
    /// What changes something and names no registry is for it, when it is the default.
    var takesUnnamedWrites = false
    /// A host as the first component of a repository's name selects it.
    var takesPrefix = true
    /// Listeners whose requests are all for it.
    var listen: [ListenArgument] = []
    /// File with credentials for it, as `--credentials`.
    var credentials: String?
}

/// `HOST[+HOST…]=URL,NAME`, as `--mirror quay.io=https://quay.io,/example/quay`.
extension MirroredRegistry: ExpressibleByArgument {
    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), let comma = argument.lastIndex(of: ","), equals < comma
        else { return nil }
        let hosts = argument[..<equals].split(separator: "+", omittingEmptySubsequences: false).map { RegistryHost($0) }
        guard let url = try? UpstreamURL(String(argument[argument.index(after: equals)..<comma])),
            let name = try? Name(uri: String(argument[argument.index(after: comma)...])), name.count > 0
        else { return nil }
        let known = hosts.compactMap { $0 }
        guard known.count == hosts.count else { return nil }
        self.init(hosts: known, url: url, name: name)
    }
}

/// All registries of a client and the listeners they share, put in order.
struct MirroredRegistries {
    let registries: [MirroredRegistry]
    let listeners: [ListenArgument]
    let upstreams: UpstreamSet

    init(_ registries: [MirroredRegistry], listeners: [ListenerArgument]) throws {
        var all = listeners.map(\.address)
        var numbers: [Int: Set<Int>] = [:]
        for (number, listener) in listeners.enumerated() {
            guard let host = listener.registry else { continue }
            guard let index = registries.firstIndex(where: { $0.hosts.contains(host) }) else {
                throw ValidationError("--listen \(listener): no registry is called \(host)")
            }
            numbers[index, default: []].insert(number)
        }
        for (index, registry) in registries.enumerated() {
            for address in registry.listen {
                numbers[index, default: []].insert(all.count)
                all.append(address)
            }
        }
        self.registries = registries
        self.listeners = all
        let entries = registries.enumerated().map { index, registry in
            UpstreamSet.Entry(
                hosts: registry.hosts, isDefault: registry.isDefault, takesUnnamedWrites: registry.takesUnnamedWrites,
                listeners: numbers[index] ?? [], takesPrefix: registry.takesPrefix)
        }
        do throws(UpstreamSet.Conflict) {
            upstreams = try UpstreamSet(entries)
        } catch {
            switch error {
            case .host(let host): throw ValidationError("the registry \(host) is named twice: keep one of the two")
            case .listener(let number): throw ValidationError("two registries listen at \(all[number])")
            case .twoDefaults: throw ValidationError("more than one registry is the default: keep one of them")
            }
        }
    }
}
