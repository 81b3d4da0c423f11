import ArgumentParser
import NDN
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

extension MirroredRegistry {
    /// `HOST[+HOST…]=URL,NAME`, as `--mirror quay.io=https://quay.io,/example/quay`.
    ///
    /// - Throws: `ValidationError` that says which part is wrong.
    static func parse(_ text: String) throws -> MirroredRegistry {
        guard let equals = text.firstIndex(of: "="), let comma = text.lastIndex(of: ","), equals < comma else {
            throw ValidationError(
                "\"\(text)\" is no registry: write HOST=URL,PREFIX, such as quay.io=https://quay.io,/example/quay")
        }
        let hosts = try text[..<equals].split(separator: "+", omittingEmptySubsequences: false).map { host in
            guard let known = RegistryHost(host) else { throw ValidationError("\"\(host)\" is no registry's host") }
            return known
        }
        let url: UpstreamURL
        do {
            url = try UpstreamURL(String(text[text.index(after: equals)..<comma]))
        } catch {
            throw ValidationError(error.message)
        }
        let name = try NameArgument.parse(String(text[text.index(after: comma)...]))
        guard name.count > 0 else { throw ValidationError("/ is no prefix of a server, such as /example/quay") }
        return MirroredRegistry(hosts: hosts, url: url, name: name)
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
