import RegistryNDN

/// What an engine needs so that it asks the client for images: files to write, lines that somebody must put into a file of
/// another's, and words about it. docs/engines.md says which engine reads what.
struct EngineRecipe {
    struct File: Equatable {
        let path: String
        let text: String
        /// Whether the file is ours alone; another's is only changed.
        let isOwn: Bool
    }

    /// Lines for a file that is not rewritten by a program: it may have comments, and parts elsewhere.
    struct Snippet: Equatable {
        let path: String
        let text: String
    }

    private(set) var files: [File] = []
    private(set) var snippets: [Snippet] = []
    /// What keeps it from being done.
    private(set) var obstacles: [String] = []
    /// What to know before it is done.
    private(set) var notes: [String] = []
    /// What to do once it is done.
    private(set) var afterwards: [String] = []

    private let engine: Engine
    private let registries: [LedRegistry]
    private let endpoint: EngineEndpoint
    private let state: EngineState

    /// - Parameters:
    ///   - registries: whose images are to come through the client; none for all that the engine can have mirrors of.
    ///   - state: how things are, but for daemon.json: as it was before it was first changed.
    init(_ engine: Engine, _ registries: [LedRegistry], _ endpoint: EngineEndpoint, _ state: EngineState) {
        self.engine = engine
        self.registries = registries
        self.endpoint = endpoint
        self.state = state
        lookAtAnswers()
        switch engine {
        case .docker: docker()
        case .containerd: containerd()
        case .podman: podman()
        case .buildkit: buildkit()
        case .k3s: kubernetes()
        }
    }

    /// All addresses of the client that engines are told.
    var endpoints: [EngineEndpoint] {
        var endpoints = registries.isEmpty ? [endpoint] : []
        for one in registries.map({ $0.endpoint(endpoint) }) where !endpoints.contains(one) { endpoints.append(one) }
        return endpoints
    }

    /// The registries that the engine is led from, when they were named.
    var led: [LedRegistry] {
        let named =
            engine == .docker && state.docker?.readsHostsFiles == false
            ? registries.filter(\.host.isDockerHub) : registries
        return named.map { $0.own == endpoint ? LedRegistry(host: $0.host) : $0 }
    }

    /// What is led to another program than a client gets that one's images, or none.
    private mutating func lookAtAnswers() {
        for one in endpoints where state.answers[one] == .stranger {
            obstacles.append(
                "what answers at \(one) is no registry-ndn client: give its address, as --endpoint http://127.0.0.1:5050, or for one registry --registry HOST=HOST:PORT"
            )
        }
        for registry in registries {
            let one = registry.endpoint(endpoint)
            guard case .given(let served, _)? = state.answers[one], !served.contains(registry.host) else { continue }
            notes.append(
                "the client at \(one) does not serve \(registry.host): until it is given that registry (--mirror of the client), \(engine) gets its images from the registry itself"
            )
        }
    }

    // MARK: Docker

    private mutating func docker() {
        let reads = state.docker?.readsHostsFiles
        let name = state.docker?.name ?? "Docker"
        if reads != false {
            hostsFiles()
            afterwards.append("\(name) reads hosts.toml when it pulls: nothing needs a restart")
        }
        var settings = DaemonSettings(state.files[state.places.daemon])
        let before = settings.text
        do {
            if reads != true { try mirrorDockerHub(&settings, name, isSure: reads == false) }
            for one in endpoints where one.isInsecureForDocker {
                try settings.put(one.authority, into: DaemonSettings.insecure)
            }
        } catch {
            obstacles.append("\(state.places.daemon), \(error); Docker would not start with it either")
            return
        }
        if settings.text != before || state.files[state.places.daemon] != nil {
            files.append(File(path: state.places.daemon, text: settings.text, isOwn: false))
        }
    }

    /// What earlier releases and the graph drivers have: mirrors of Docker Hub, which are not told which registry is meant.
    private mutating func mirrorDockerHub(
        _ settings: inout DaemonSettings, _ name: String, isSure: Bool
    ) throws(JSONOutline.Failure) {
        let hub = registries.isEmpty ? endpoint : registries.first { $0.host.isDockerHub }?.endpoint(endpoint)
        if let hub, let why = whyNoMirror(hub) {
            // A release that reads hosts.toml has those.
            if isSure { obstacles.append(why) } else { notes.append("no mirror for \(name) before 28: \(why)") }
        } else if let hub {
            try settings.put("\(hub)", into: DaemonSettings.mirrors)
            notes.append(
                "\(hub) must serve Docker Hub to requests that name no registry, as --listen HOST:PORT=docker.io of the client does: Docker does not say which registry it means, and else gets an image of another one that has the same name, or none"
            )
        }
        guard isSure else { return }
        for other in registries where !other.host.isDockerHub {
            let path = other.own.map(\.authority) ?? "\(endpoint.authority)/\(other.host)"
            notes.append(
                "\(name) has mirrors of Docker Hub alone: pull images of \(other.host) as \(path)/REPOSITORY")
        }
    }

    /// What a client says that cannot be a mirror of Docker Hub.
    private func whyNoMirror(_ hub: EngineEndpoint) -> String? {
        switch state.answers[hub] {
        case .given(let served, _)? where !served.contains(where: \.isDockerHub):
            "the client at \(hub) does not serve Docker Hub, and \(state.docker?.name ?? "Docker") has mirrors of nothing else: give the client docker.io (--mirror), or pull images by its address, as \(hub.authority)/REPOSITORY"
        case .given(_, unnamed: false)?:
            "the client at \(hub) serves nothing to requests that name no registry, as Docker's are: give Docker Hub an address of its own (--listen HOST:PORT=docker.io of the client) and name it here, --registry docker.io=HOST:PORT"
        case .any? where registries.isEmpty:
            "the client at \(hub) serves one registry, whichever is named: unless that is Docker Hub, Docker would get its images for those of Docker Hub that have the same name. If it is, say so with --registry docker.io=\(hub.authority)"
        case nil, .stranger?, .any?, .given?: nil
        }
    }

    // MARK: hosts.toml

    private mutating func hostsFiles() {
        let folder = state.places.certificates(engine)
        let names =
            registries.isEmpty
            ? [(HostsFile.everyRegistry, endpoint)] : registries.map { ($0.host.text, $0.endpoint(endpoint)) }
        for (name, endpoint) in names {
            guard !state.certificates.contains(name) else {
                obstacles.append(
                    "\(folder)/\(name) has certificates, which count only where no hosts.toml is: write \(folder)/\(name)/hosts.toml by hand, with ca or client for them and \(endpoint) as a host"
                )
                continue
            }
            files.append(
                File(
                    path: "\(folder)/\(name)/hosts.toml", text: HostsFile.text(leadingTo: endpoint, by: engine),
                    isOwn: true))
        }
        askForEveryRegistry()
    }

    /// Where an engine asks for the images of all registries, the client must know them by their names.
    private mutating func askForEveryRegistry() {
        guard registries.isEmpty else { return }
        let remedy =
            "give its registry the name by which images call it (--mirror instead of --upstream and --name), or name that registry here with --registry"
        switch state.answers[endpoint] {
        case .given?, .stranger?: break
        case .any?:
            obstacles.append(
                "the client at \(endpoint) serves one registry, whichever is named: images of all others that have the same name would come from it; \(remedy)"
            )
        case nil:
            notes.append(
                "images of every registry will be asked for at \(endpoint) first, where no client answers now. One that serves one registry, whichever is named, would give its own for those of others that have the same name: then \(remedy)"
            )
        }
    }

    private mutating func containerd() {
        hostsFiles()
        let folder = state.places.certificates(.containerd)
        afterwards.append("containerd reads hosts.toml when it pulls: nothing needs a restart for it")
        let facts = state.containerd ?? ContainerdFacts("")
        guard !facts.folders.contains(folder) else { return }
        snippets.append(Snippet(path: state.places.containerd, text: facts.snippet(folder)))
        afterwards.append(
            "put the lines above into \(state.places.containerd), and systemctl restart containerd: until then a kubelet's pulls pass the client by, and ctr wants --hosts-dir \(folder)"
        )
    }

    // MARK: podman

    private mutating func podman() {
        let path = state.places.ownRegistries
        files.append(File(path: path, text: RegistriesFile.text(registries, endpoint), isOwn: true))
        for other in state.registriesFiles where other != path {
            let prefixes = RegistriesFile.entries(in: state.files[other] ?? "").map(\.prefix)
            for registry in registries where prefixes.contains(registry.host.text) {
                // Of two entries the one that is read last counts, and nothing of the other.
                obstacles.append(
                    "\(other) has an entry of \(registry.host) already, and only one counts: put these lines into that file by hand\n\n\(RegistriesFile.mirror(registry, endpoint))"
                )
            }
        }
        if let alone = state.places.readerRegistries, state.files[alone] != nil, !path.hasPrefix("\(alone).d/") {
            notes.append(
                "podman of this user reads \(alone) and its folder, and nothing of \(path): for it, put the same lines into \(alone) by hand"
            )
        }
        afterwards.append("podman, buildah and skopeo read \(path) each time: nothing needs a restart")
        guard registries.isEmpty else { return }
        notes.append(
            "podman has no setting for all registries: images are pulled as \(endpoint.authority)/REPOSITORY. Name registries with --registry, as --registry quay.io, to have their images under their own names"
        )
    }

    // MARK: lines for files of others

    private mutating func buildkit() {
        let path = state.places.buildkit
        var text = ""
        for registry in registries {
            text += "[registry.\"\(registry.host)\"]\n  mirrors = [\"\(registry.endpoint(endpoint).authority)\"]\n"
        }
        for one in endpoints where !one.isSecure { text += "[registry.\"\(one.authority)\"]\n  http = true\n" }
        offer(text, for: path, "restart buildkitd")
        guard registries.isEmpty else { return }
        notes.append("buildkitd has no setting for all registries: name them with --registry, as --registry quay.io")
    }

    private mutating func kubernetes() {
        let path = state.places.kubernetes
        var text = "mirrors:\n"
        let names =
            registries.isEmpty
            ? [(KubernetesMirrors.everyRegistry, endpoint)]
            : registries.map { ($0.host.text, $0.endpoint(endpoint)) }
        for (name, endpoint) in names { text += "  \"\(name)\":\n    endpoint: [\"\(endpoint)\"]\n" }
        askForEveryRegistry()
        offer(text, for: path, "restart \(state.places.hasRKE2 ? "rke2" : "k3s")")
    }

    /// Whether the file has such lines already.
    private var isLed: Bool {
        guard !registries.isEmpty else {
            let everything = engine == .k3s ? KubernetesMirrors.everyRegistry : endpoint.authority
            return state.led(engine, to: [endpoint]).contains(everything)
        }
        return registries.allSatisfy { state.led(engine, to: [$0.endpoint(endpoint)]).contains($0.host.text) }
    }

    private mutating func offer(_ text: String, for path: String, _ restart: String) {
        guard !isLed else { return }
        snippets.append(Snippet(path: path, text: text))
        afterwards.append("put the lines above into \(path), then \(restart)")
    }
}
