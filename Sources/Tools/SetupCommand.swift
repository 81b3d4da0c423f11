import ArgumentParser
import NDN
import RegistryNDN

/// `registry-ndn setup`: leads an engine through the client, and undoes that.
struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup", abstract: "Have an engine pull through the client, and undo that.",
        discussion: """
            Writes files of its own below /etc, and Docker's daemon.json; shows the difference first, and asks. Where lines \
            must go into a file of somebody else's, it prints them. docs/engines.md says what each engine reads.
            """)

    @Argument(help: "The engine.")
    var engine: Engine

    @Option(
        help: """
            Address of the client, http://HOST:PORT or https://HOST:PORT. (default: for --check what setup told the engine; \
            else the first address of DOCKER_NDN_LISTEN, else http://127.0.0.1:5000)
            """, transform: EngineEndpoint.parse)
    var endpoint: EngineEndpoint?

    @Option(
        help: """
            HOST[=HOST:PORT] of a registry whose images are to come through the client, as quay.io, or quay.io=127.0.0.1:5001 \
            for an address of the client that is this registry's own (repeatable; default all that the engine can have \
            mirrors of, and for --check those that setup was told of).
            """, transform: LedRegistry.parse)
    var registry: [LedRegistry] = []

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(
        help: """
            Put back what was there before. Of a file of setup's own that was changed since nothing is taken, and it is named; \
            of daemon.json, what setup put in.
            """)
    var undo = false

    @Flag(help: "Say whether the engine asks the client: exits with 0 if so, else with 1. Changes nothing.")
    var check = false

    @Option(help: "Folder that stands for /, as of another machine's disk; its engines are not asked what they read.")
    var root = "/"

    func validate() throws {
        guard !undo || !check else { throw ValidationError("give --undo or --check, not both") }
        guard !undo || registry.isEmpty else {
            throw ValidationError("--undo takes back all that setup \(engine) did: leave out --registry")
        }
        for (number, one) in registry.enumerated() where registry[..<number].contains(where: { $0.host == one.host }) {
            throw ValidationError("--registry \(one.host) is given twice")
        }
    }

    func run() async throws {
        let machine = EngineMachine(root: root)
        // Settings that nobody can read keep nothing from being undone that is not in them.
        var state = try await undo ? EngineState(places: machine.places) : machine.state(of: engine)
        let store = SetupStore(engine, machine.files)
        let record = try store.load()
        if check { return try examine(state, record) }
        if !undo, machine.isThisMachine { state.answers = await answers() }
        let recipe = undo ? nil : makeRecipe(state, record)
        func planned(_ record: SetupRecord) throws -> SetupPlan {
            try makePlan(recipe, machine.files, machine.places, record)
        }
        let plan = try planned(record)
        let obstacles = (recipe?.obstacles ?? []) + plan.obstacles
        guard obstacles.isEmpty else {
            for obstacle in obstacles { Terminal.write("error: \(obstacle)\n") }
            Terminal.write("Nothing was written.\n")
            throw ExitCode.failure
        }
        show(plan, recipe)
        guard !plan.changes.isEmpty || recipe?.snippets.isEmpty == false else {
            if plan.record != record { try store.carryOut(plan, again: planned) }
            try name(plan.left)
            return Output.write(undo ? "nothing to undo\n" : "nothing to do\n")
        }
        if !plan.changes.isEmpty {
            if !yes, !(try Terminal.confirm(undo ? "Put that back? [y/N] " : "Write that? [y/N] ")) {
                Terminal.write("Nothing was written.\n")
                throw ExitCode.failure
            }
            try store.carryOut(plan, again: planned)
            for change in plan.changes {
                Output.write("\(change.after == nil ? "removed" : "written")\t\(machine.files.root)\(change.path)\n")
            }
        }
        for sentence in (recipe?.afterwards ?? []) + reloading(plan) { Output.write("next\t\(sentence)\n") }
        try name(plan.left)
    }

    private func name(_ left: [String]) throws {
        guard !left.isEmpty else { return }
        for sentence in left { Terminal.write("error: \(sentence)\n") }
        throw ExitCode.failure
    }

    /// What answers at the addresses that the engine is told.
    private func answers() async -> [EngineEndpoint: EndpointQuestion.Answer] {
        let common = endpoint ?? .usual()
        var hosts = Dictionary(grouping: registry, by: { $0.endpoint(common) }).mapValues { $0.map(\.host) }
        // All that earlier Docker can have a mirror of.
        if registry.isEmpty { hosts[common] = [RegistryHost("docker.io")].compactMap { $0 } }
        var answers: [EngineEndpoint: EndpointQuestion.Answer] = [:]
        for (address, hosts) in hosts {
            answers[address] = await EndpointQuestion(endpoint: address).answer(about: hosts)
        }
        return answers
    }

    private func makeRecipe(_ state: EngineState, _ record: SetupRecord) -> EngineRecipe {
        var state = state
        // As it was before setup first changed it: what an earlier call added is not kept beside what this one adds.
        let daemon = state.places.daemon
        state.files[daemon] = record.base(daemon, now: state.files[daemon])
        return EngineRecipe(engine, registry, endpoint ?? .usual(), state)
    }

    private func makePlan(
        _ recipe: EngineRecipe?, _ files: SettingsFiles, _ places: EnginePlaces, _ record: SetupRecord
    ) throws -> SetupPlan {
        let wanted = recipe?.files ?? []
        var now: [String: String] = [:]
        for path in wanted.map(\.path) + record.entries.map(\.path) {
            try files.check(path, within: places.base(of: path))
            now[path] = try files.read(path)
        }
        return SetupPlan(
            wanted, now: now, record: record, endpoints: recipe?.endpoints ?? [], registries: recipe?.led ?? [])
    }

    private func show(_ plan: SetupPlan, _ recipe: EngineRecipe?) {
        for change in plan.changes {
            let difference = UnifiedDifference.text(of: change.path, before: change.before, after: change.after)
            // daemon.json may have a proxy's password.
            Output.write(Userinfo.hidden(in: difference))
        }
        for snippet in recipe?.snippets ?? [] {
            Output.write("\(snippet.path) is for you to change; these lines belong into it:\n\n\(snippet.text)\n")
        }
        for note in (recipe?.notes ?? []) + plan.notes { Output.write("note\t\(note)\n") }
    }

    private func reloading(_ plan: SetupPlan) -> [String] {
        guard let change = plan.changes.first(where: { $0.path == EnginePlaces().daemon }) else { return [] }
        return DaemonSettings.isReloadEnough(from: change.before, to: change.after)
            ? ["systemctl reload docker (or restart it): only then it reads \(change.path)"]
            : ["systemctl restart docker: a reload keeps addresses that \(change.path) no longer has"]
    }

    /// The registries that an earlier call was told of; where another address is asked about, their own do not count.
    private func remembered(_ record: SetupRecord) throws -> [LedRegistry] {
        let registries = try (record.registries ?? []).map(LedRegistry.parse)
        return endpoint == nil ? registries : registries.map { LedRegistry(host: $0.host) }
    }

    /// What a call of setup is to be given so that the engine asks for these.
    private func options(_ common: EngineEndpoint?, _ registries: [LedRegistry]) -> [String] {
        var options: [String] = []
        if let common, common != .usual() { options += ["--endpoint", "\(common)"] }
        for one in registries { options += ["--registry", "\(one)"] }
        return root == "/" ? options : options + ["--root", root]
    }

    private func examine(_ state: EngineState, _ record: SetupRecord) throws {
        var common = try endpoint.map { [$0] } ?? (record.endpoints ?? []).map(EngineEndpoint.parse)
        if common.isEmpty { common = [.usual()] }
        let registries = try registry.isEmpty ? remembered(record) : registry
        let owned = registries.compactMap(\.own)
        let examination = EngineExamination(
            engine: engine, state: state, endpoints: common + owned, wanted: registries.map(\.host),
            options: options(common.first { !owned.contains($0) }, registries))
        switch examination.verdict() {
        case .leads(let words): Output.write("ok\t\(words)\n")
        case .ignored(let words, let remedy), .absent(let words, let remedy), .unable(let words, let remedy):
            Output.write("no\t\(words)\n\t\(remedy)\n")
            throw ExitCode.failure
        }
    }
}
