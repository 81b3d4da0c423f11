import RegistryNDN

/// Whether an engine asks the client, as its settings and it itself say: what `setup --check` prints, and `doctor`.
struct EngineExamination {
    enum Verdict: Equatable {
        /// It asks the client.
        case leads(String)
        /// Somebody has set it up, and it does not read that.
        case ignored(String, remedy: String)
        case absent(String, remedy: String)
        /// No settings of this engine lead it to the client.
        case unable(String, remedy: String)
    }

    let engine: Engine
    let state: EngineState
    /// The addresses at which the client is, one of which it must be.
    let endpoints: [EngineEndpoint]
    /// The registries whose images must come through it; none where those of any will do.
    let wanted: [RegistryHost]
    /// The registries that the client serves; none where that is not known.
    var served: [RegistryHost] = []
    /// What `setup` is to be told after the engine's name.
    var options: [String] = []

    func verdict() -> Verdict {
        switch engine {
        case .docker: docker()
        case .containerd: containerd()
        case .podman: podman()
        case .buildkit, .k3s: verdict(state.led(engine, to: endpoints))
        }
    }

    /// For messages; a client can have many addresses.
    private var place: String {
        var places: [String] = []
        for one in endpoints where !places.contains("\(one)") { places.append("\(one)") }
        return places.isEmpty || places.count > 3 ? "the client" : places.joined(separator: " or ")
    }

    private func missing(_ led: Set<String>) -> [String] {
        guard led.isDisjoint(with: [HostsFile.everyRegistry, KubernetesMirrors.everyRegistry]) else { return [] }
        return wanted.map(\.text).filter { !led.contains($0) }
    }

    private func suffices(_ led: Set<String>) -> Bool { wanted.isEmpty ? !led.isEmpty : missing(led).isEmpty }

    private func verdict(_ led: Set<String>, more: String = "") -> Verdict {
        guard !suffices(led) else { return .leads("\(engine) asks \(place) for images of \(list(led))\(more)") }
        let what = wanted.isEmpty ? "" : " for images of \(missing(led).joined(separator: ", "))"
        return .absent(
            "\(engine) does not ask \(place)\(what)",
            remedy: setup)
    }

    private var setup: String { (["registry-ndn setup \(engine)"] + options).joined(separator: " ") }

    private func list(_ names: Set<String>) -> String {
        names.sorted().map { name in
            switch name {
            case HostsFile.everyRegistry, KubernetesMirrors.everyRegistry: "every registry"
            case _ where isMeant(name): "\(name)/…"
            default: name
            }
        }.joined(separator: ", ")
    }

    private func docker() -> Verdict {
        let facts = state.docker
        let name = facts?.name ?? "Docker"
        let byFile = state.led(.docker, to: endpoints)
        let settings = DaemonSettings(state.files[state.places.daemon])
        let written: Bool
        do {
            written = try settings.list(DaemonSettings.mirrors).contains(where: isMeant)
        } catch {
            return .ignored("\(state.places.daemon), \(error)", remedy: "correct that: Docker does not start with it")
        }
        let runs = facts?.mirrors.map { $0.contains(where: isMeant) }
        var led = facts?.readsHostsFiles == false ? [] : byFile
        if runs ?? written { led.insert("docker.io") }
        if suffices(led) {
            return verdict(led, more: facts?.mirrors == nil ? " (as its files say: no daemon was asked)" : "")
        }
        if written, runs == false {
            return .ignored(
                "\(state.places.daemon) names \(place) as a mirror, and the daemon that runs has not read that",
                remedy: "systemctl reload docker")
        }
        guard facts?.readsHostsFiles == false else { return verdict(led) }
        let meant = wanted.isEmpty ? served : wanted
        let hasMirrors = meant.isEmpty || meant.contains(where: \.isDockerHub)
        let byAddress = "pull those by the client's address, or have Docker 28 with the containerd image store"
        if suffices(byFile) {
            return .ignored(
                "\(name) reads no hosts.toml, and only those lead to \(place)",
                remedy: hasMirrors
                    ? "\(setup), for images of Docker Hub; others are pulled by the client's address"
                    : byAddress)
        }
        guard !hasMirrors else { return verdict(led) }
        return .unable(
            "\(name) has mirrors of Docker Hub alone, and none for images of \(meant.map(\.text).joined(separator: ", "))",
            remedy: byAddress)
    }

    private func isMeant(_ mirror: String) -> Bool { endpoints.contains { $0.isMeant(by: mirror) } }

    private func containerd() -> Verdict {
        let led = state.led(.containerd, to: endpoints)
        let folder = state.places.certificates(.containerd)
        guard suffices(led), state.containerd?.folders.contains(folder) != true else { return verdict(led) }
        return .ignored(
            "hosts.toml files in \(folder) lead to \(place), and containerd's config_path does not name that folder: only who names it reads them, as ctr does with --hosts-dir",
            remedy: "\(setup) prints what belongs into \(state.places.containerd)")
    }

    private func podman() -> Verdict {
        let read = state.registriesFiles
        for path in read {
            do { _ = try TOMLDocument(state.files[path] ?? "") } catch {
                return .ignored("\(path), \(error): podman pulls nothing with that", remedy: "correct that")
            }
        }
        let led = state.led(.podman, to: endpoints)
        let ours = state.places.ownRegistries
        let own = Set(RegistriesFile.entries(in: state.files[ours] ?? "").map(\.prefix))
        if !own.isEmpty, !suffices(led), !read.contains(ours), let alone = read.first {
            return .ignored(
                "podman of this user reads \(alone) and its folder, and nothing of \(ours)",
                remedy: "put the lines of \(ours) into \(alone) by hand, or move that away")
        }
        let hidden = missing(led).filter(own.contains)
        guard hidden.isEmpty else {
            return .ignored(
                "another file than \(state.places.ownRegistries) has an entry of \(hidden.joined(separator: ", ")), which counts instead",
                remedy: "merge the two by hand, in the folder that is read last")
        }
        let beside = unledParts(of: led)
        let words = beside.map { "\($0.prefix), which has an entry of its own in \($0.path)" }.joined(
            separator: ", and ")
        return verdict(led, more: beside.isEmpty ? "" : ", but not for those of \(words)")
    }

    /// Entries with a longer prefix, which count for their images instead.
    private func unledParts(of led: Set<String>) -> [(prefix: String, path: String)] {
        var found: [(prefix: String, path: String)] = []
        for path in state.registriesFiles {
            for prefix in RegistriesFile.entries(in: state.files[path] ?? "").map(\.prefix)
            where !led.contains(prefix) && led.contains(where: { prefix.hasPrefix("\($0)/") }) {
                found.append((prefix, path))
            }
        }
        return found
    }
}

extension EngineState {
    /// The registries whose images an engine's files lead to one of the addresses.
    func led(_ engine: Engine, to endpoints: [EngineEndpoint]) -> Set<String> {
        func isMeant(_ place: String) -> Bool { endpoints.contains { $0.isMeant(by: place) } }
        switch engine {
        case .docker, .containerd:
            return Set(hostsFiles(engine).filter { HostsFile.hosts(in: $0.value).contains(where: isMeant) }.keys)
        case .podman:
            let counting = RegistriesFile.counting(registriesFiles.compactMap { files[$0] })
            return Set(
                counting.values.filter { isMeant($0.prefix) || $0.mirrors.contains(where: isMeant) }.map(\.prefix))
        case .buildkit:
            let registries = (try? TOMLDocument(files[places.buildkit] ?? ""))?.root["registry"]?.table
            let named = (registries?.entries ?? []).filter { entry in
                (entry.table?["mirrors"]?.strings ?? []).contains(where: isMeant)
                    || entry.table?["http"] != nil && isMeant(entry.key)
            }
            return Set(named.map(\.key))
        case .k3s:
            let mirrors = KubernetesMirrors.endpoints(in: files[places.kubernetes] ?? "")
            return Set(mirrors.filter { $0.value.contains(where: isMeant) }.keys)
        }
    }
}
