import NIOCore
import RegistryNDN
import Subprocess

#if canImport(Glibc)
    import Glibc
#endif

/// The engines of this machine, or of one whose files lie below a folder: their settings, and what they say of themselves.
struct EngineMachine: Sendable {
    /// An engine that does not answer is not waited for longer.
    private static let patience = TimeBound(limit: .seconds(5))
    private static let largestAnswer = 1 << 19

    let files: SettingsFiles
    let places: EnginePlaces

    /// - Parameter root: the folder that stands for `/`, whose engines are not asked, but for `/` itself.
    init(root: String, environment: Environment = .process()) {
        files = SettingsFiles(root: root)
        var places = EnginePlaces()
        if files.root.isEmpty {
            places.reader = environment["HOME"]
            if geteuid() != 0 { places.home = places.reader }
        }
        places.hasRKE2 = files.exists("/etc/rancher/rke2")
        self.places = places
    }

    var isThisMachine: Bool { files.root.isEmpty }

    /// Whether one of its programs is on the PATH.
    static func has(_ engine: Engine, environment: Environment = .process()) -> Bool {
        let folders = (environment["PATH"] ?? "").split(separator: ":")
        return engine.programs.contains { program in
            folders.contains { unsafe access("\($0)/\(program)", X_OK) == 0 }
        }
    }

    /// How things are with an engine.
    func state(of engine: Engine) async throws -> EngineState {
        var state = EngineState(places: places)
        for path in try paths(engine) { state.files[path] = try files.read(path) }
        switch engine {
        case .docker:
            state.certificates = try certificates(engine)
            state.docker = isThisMachine ? await docker() : nil
        case .containerd:
            state.certificates = try certificates(engine)
            state.containerd = await containerd(state.files[places.containerd])
        case .podman, .buildkit, .k3s: break
        }
        return state
    }

    private func paths(_ engine: Engine) throws -> [String] {
        switch engine {
        case .docker: [places.daemon] + (try hostsFiles(engine))
        case .containerd: [places.containerd] + (try hostsFiles(engine))
        case .podman: try registriesFiles()
        case .buildkit: [places.buildkit]
        case .k3s: [places.kubernetes]
        }
    }

    private func hostsFiles(_ engine: Engine) throws -> [String] {
        let folder = places.certificates(engine)
        return try files.names(in: folder).map { "\(folder)/\($0)/hosts.toml" }
    }

    private func certificates(_ engine: Engine) throws -> Set<String> {
        let folder = places.certificates(engine)
        return Set(
            try files.names(in: folder).filter { name in
                let kinds = [".crt", ".cert", ".key"]
                return try files.names(in: "\(folder)/\(name)").contains { file in kinds.contains { file.hasSuffix($0) }
                }
            })
    }

    private func registriesFiles() throws -> [String] {
        try [places.machineRegistries] + (places.readerRegistries.map { [$0] } ?? [])
            + places.registries.flatMap { folder in
                try files.names(in: folder).filter { $0.hasSuffix(".conf") }.map { "\(folder)/\($0)" }
            }
    }

    // MARK: what they say

    private func docker() async -> DockerFacts? {
        if let info = await answer("docker", ["info", "--format", "{{json .}}"]), let facts = DockerFacts(info: info) {
            return facts
        }
        return await answer("dockerd", ["--version"]).flatMap(DockerFacts.init(version:))
    }

    /// What counts in the end, with what the file imports, or where there is none the defaults; else the file.
    private func containerd(_ file: String?) async -> ContainerdFacts? {
        let question = ["config", file == nil ? "default" : "dump"]
        if isThisMachine, let said = await answer("containerd", question) { return ContainerdFacts(said) }
        return file.map(ContainerdFacts.init)
    }

    /// What a program prints; nil when it is not there, fails, or does not answer.
    private func answer(_ program: String, _ arguments: [String]) async -> String? {
        try? await Self.patience.run {
            let result = try await run(
                .name(program), arguments: Arguments(arguments), output: .string(limit: Self.largestAnswer),
                error: .discarded)
            return result.terminationStatus.isSuccess ? result.standardOutput : nil
        }
    }
}
