import ArgumentParser
import NDN
import RegistryNDN

/// Which registries the client serves, and where.
struct RegistryOptions: ParsableArguments {
    @Option(help: "The registry, https://HOST[:PORT] or http://HOST[:PORT].", transform: Self.upstreamURL)
    var upstream: UpstreamURL?

    @Option(help: "NDN prefix of the blobs, as the server's --name.", transform: NameArgument.parse)
    var name: Name?

    @Option(
        help: """
            Another registry, HOST[+HOST…]=URL,NAME as quay.io=https://quay.io,/example/quay (repeatable): for requests \
            with ns=HOST, or with HOST as the first component of the repository.
            """, transform: MirroredRegistry.parse)
    var mirror: [MirroredRegistry] = []

    @Option(help: "TOML file with registries; docs/mirrors.md describes it.")
    var mirrors: String?

    @Option(
        help: """
            HOST:PORT[=REGISTRY] to listen at; port 0 for a free one (repeatable). Whoever reaches it can pull. With \
            =REGISTRY, requests that name no registry are for this one. (default: 127.0.0.1:5000)
            """, transform: ListenerArgument.parse)
    var listen = [ListenerArgument(address: ListenArgument(host: "127.0.0.1", port: 5000))]

    @Flag(
        help: """
            Pushes that name no registry are for the default one, also when there are several; else they are refused then.
            """)
    var pushDefault = false

    func validate() throws {
        try checkListeners()
        guard (upstream == nil) == (name == nil) else {
            throw ValidationError("--upstream and --name belong together: give both, or neither")
        }
        guard upstream != nil || !mirror.isEmpty || mirrors != nil else {
            throw ValidationError(
                "no registry: give --upstream URL and --name PREFIX, or --mirror HOST=URL,PREFIX, or --mirrors FILE")
        }
    }

    private func checkListeners() throws {
        for (number, listener) in listen.enumerated() {
            guard let other = listen[..<number].first(where: { $0.address.overlaps(listener.address) }) else {
                continue
            }
            let spelled = other.address == listener.address ? "" : ", before as \(other.address)"
            throw ValidationError(
                other.address.isSame(as: listener.address)
                    ? "--listen \(listener.address) is given twice\(spelled)"
                    : "--listen \(other.address) and --listen \(listener.address) have the same address and port: give one of them"
            )
        }
    }

    /// --upstream and --name first, which need no other name and are the default; then the others.
    func registries() throws -> MirroredRegistries {
        var all: [MirroredRegistry] = []
        if let upstream, let name {
            let hosts = RegistryHost(upstream.authority).map { [$0] } ?? []
            all.append(MirroredRegistry(hosts: hosts, url: upstream, name: name, isDefault: true, takesPrefix: false))
        }
        all += mirror
        if let mirrors { all += try MirrorFile.read(mirrors) }
        if pushDefault {
            guard all.count == 1 || all.contains(where: \.isDefault) else {
                throw ValidationError(
                    "--push-default: no registry is the default; give --upstream, or default = true in the file")
            }
            for index in all.indices where all[index].isDefault { all[index].takesUnnamedWrites = true }
        }
        return try MirroredRegistries(all, listeners: listen)
    }

    private static func upstreamURL(_ text: String) throws -> UpstreamURL {
        do { return try UpstreamURL(text) } catch { throw ValidationError(error.message) }
    }
}
