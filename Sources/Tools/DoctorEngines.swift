import RegistryNDN

/// What `doctor` says of the engines of this machine: whether one of them asks the client that it examines.
struct DoctorEngines: Sendable {
    typealias Verdict = EngineExamination.Verdict

    /// Where the client is.
    let endpoints: [EngineEndpoint]
    /// What `setup` is to be told after the engine's name.
    let options: [String]
    /// The registries that the client serves.
    let served: [RegistryHost]
    /// How an image is named by the client's address.
    private let byAddress: String

    /// - Parameters:
    ///   - hosts: names by which programs reach the client, beside its addresses.
    ///   - owned: which listener is one registry's alone.
    init(
        _ registries: [MirroredRegistry], listeners: [ListenerArgument], all: [ListenArgument], hosts: [String],
        isSecure: Bool
    ) {
        let ports = Set(all.map(\.port)).sorted()
        let named = hosts.flatMap { host in ports.map { ListenArgument(host: host, port: $0) } }
        endpoints = (all + named).map { EngineEndpoint(isSecure: isSecure, address: $0) }
        let first = all.first.map { EngineEndpoint.reaching($0, isSecure: isSecure) } ?? .usual()
        var options = first == .usual() ? [] : ["--endpoint", "\(first)"]
        for registry in registries {
            guard let host = registry.hosts.first else { continue }
            let own =
                registry.listen.first
                ?? listeners.first { $0.registry.map(registry.hosts.contains) ?? false }?.address
                // A client of one registry takes no registry in the path.
                ?? (registry.takesPrefix ? nil : first.address)
            options += [
                "--registry", own.map { "\(host)=\(EngineEndpoint.reaching($0, isSecure: isSecure))" } ?? "\(host)",
            ]
        }
        self.options = options
        served = registries.flatMap(\.hosts)
        let prefix = registries.first.flatMap { $0.takesPrefix ? $0.hosts.first : nil }
        byAddress = (["\(first.authority)"] + (prefix.map { ["\($0)"] } ?? []) + ["REPOSITORY"]).joined(separator: "/")
    }

    func outcome() async -> DoctorReport.Outcome {
        let machine = EngineMachine(root: "/")
        var verdicts: [(Engine, Verdict)] = []
        var unseen: [String] = []
        for engine in Engine.allCases where EngineMachine.has(engine) {
            do {
                let state = try await machine.state(of: engine)
                let examination = EngineExamination(
                    engine: engine, state: state, endpoints: endpoints, wanted: [], served: served, options: options)
                verdicts.append((engine, examination.verdict()))
            } catch {
                unseen.append("\(error)")
            }
        }
        return outcome(of: verdicts, unseen: unseen)
    }

    /// One engine that asks the client is enough; one that was to ask it and does not is a fault.
    ///
    /// - Parameter unseen: why settings cannot be read.
    func outcome(of verdicts: [(Engine, Verdict)], unseen: [String] = []) -> DoctorReport.Outcome {
        guard !verdicts.isEmpty || !unseen.isEmpty else {
            return .skip(
                "no engine is found on the PATH of this machine: neither Docker, containerd, podman, BuildKit nor k3s")
        }
        for case (let engine, .ignored(let words, let remedy)) in verdicts where engine != .containerd {
            return .fail(words, remedy: remedy)
        }
        let leading = verdicts.compactMap { verdict in
            if case .leads(let words) = verdict.1 { words } else { nil }
        }
        guard leading.isEmpty else { return .ok(leading.joined(separator: "; ")) }
        // ctr reads its files where it is told to, which nobody can see.
        for case (_, .ignored(let words, let remedy)) in verdicts { return .warn(words, remedy: remedy) }
        guard unseen.isEmpty else {
            return .warn(
                "whether an engine asks this client cannot be seen: \(unseen.joined(separator: "; "))",
                remedy: "call doctor as root")
        }
        let names = verdicts.map { "\($0.0)" }.joined(separator: ", ")
        let words =
            "no engine here (\(names)) is set up to ask this client: only images that are named by its address come through it, as \(byAddress)"
        for case (_, .absent(_, let remedy)) in verdicts { return .warn(words, remedy: remedy) }
        let unable = verdicts.compactMap { if case .unable(let why, let remedy) = $0.1 { (why, remedy) } else { nil } }
        return .warn(([words] + unable.map(\.0)).joined(separator: "; "), remedy: unable.first?.1)
    }
}
