import RegistryNDN

/// A file of registries.conf.d, which podman, buildah, skopeo and CRI-O read.
enum RegistriesFile {
    /// Images that are named by the client's address are pulled without `--tls-verify=false`; those of the registries are
    /// asked for at the client first. podman says no `ns=`: the registry stands in the path, unless the address is its own.
    static func text(_ registries: [LedRegistry], _ endpoint: EngineEndpoint) -> String {
        var text = SetupMark.comment(.podman)
        var endpoints: [EngineEndpoint] = []
        for one in [endpoint] + registries.compactMap(\.own) where !one.isSecure && !endpoints.contains(one) {
            endpoints.append(one)
        }
        for one in endpoints { text += "[[registry]]\nlocation = \"\(one.authority)\"\ninsecure = true\n\n" }
        for registry in registries {
            let host = registry.host.text
            text += "[[registry]]\nprefix = \"\(host)\"\nlocation = \"\(host)\"\n\n\(mirror(registry, endpoint))\n"
        }
        return String(text.dropLast())
    }

    /// The part of an entry that leads to the client.
    static func mirror(_ registry: LedRegistry, _ endpoint: EngineEndpoint) -> String {
        let location = registry.own.map(\.authority) ?? "\(endpoint.authority)/\(registry.host)"
        return "[[registry.mirror]]\nlocation = \"\(location)\"\n"
            + (registry.endpoint(endpoint).isSecure ? "" : "insecure = true\n")
    }

    /// What one file says of one registry.
    struct Entry: Equatable {
        var prefix: String
        /// Where else it is asked for, in this order.
        var mirrors: [String] = []
    }

    /// Of a text that is no TOML none: its readers refuse it.
    static func entries(in text: String) -> [Entry] {
        let registries = (try? TOMLDocument(text))?.root["registry"]?.tables ?? []
        return registries.compactMap { registry in
            guard let prefix = registry["prefix"]?.string ?? registry["location"]?.string else { return nil }
            return Entry(
                prefix: prefix, mirrors: (registry["mirror"]?.tables ?? []).compactMap { $0["location"]?.string })
        }
    }

    /// What counts of files that are read in this order: of several entries of one prefix the last.
    static func counting(_ files: [String]) -> [String: Entry] {
        files.flatMap(entries).reduce(into: [:]) { $0[$1.prefix] = $1 }
    }
}
