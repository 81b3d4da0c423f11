import FoundationEssentials

/// What Docker's daemon says of itself, or what is known of it while it does not run.
struct DockerFacts: Equatable {
    /// As `20.10.24+dfsg1`.
    let release: String
    /// Whether it keeps images in containerd's store; nil where it does not say.
    let hasContainerdStore: Bool?
    /// The registry-mirrors with which it runs; nil while it does not run.
    let mirrors: [String]?

    /// Docker 28 with the containerd image store reads hosts.toml; earlier releases and graph drivers do not. nil where the
    /// store is not known.
    var readsHostsFiles: Bool? {
        guard let major = Int(release.prefix { $0.isNumber }) else { return nil }
        return major < 28 ? false : hasContainerdStore
    }

    /// For messages.
    var name: String {
        let store = hasContainerdStore.map { $0 ? " (containerd image store)" : " (graph driver)" } ?? ""
        return "Docker \(release)\(store)"
    }
}

extension DockerFacts {
    /// What `docker info --format '{{json .}}'` prints; nil when no daemon answered.
    init?(info text: String) {
        guard let info = try? JSONDecoder().decode(Info.self, from: Data(text.utf8)),
            let release = info.ServerVersion, !release.isEmpty
        else { return nil }
        let isContainerds = (info.DriverStatus ?? []).contains(["driver-type", "io.containerd.snapshotter.v1"])
        self.init(
            release: release, hasContainerdStore: isContainerds, mirrors: info.RegistryConfig?.Mirrors ?? [])
    }

    /// What `dockerd --version` prints, as `Docker version 20.10.24+dfsg1, build 297e128`.
    init?(version text: String) {
        let words = text.split { $0.isWhitespace || $0 == "," }
        guard let index = words.firstIndex(of: "version"), index + 1 < words.count else { return nil }
        self.init(release: String(words[index + 1]), hasContainerdStore: nil, mirrors: nil)
    }

    private struct Info: Decodable {
        struct Registry: Decodable { let Mirrors: [String]? }

        let ServerVersion: String?
        let DriverStatus: [[String]]?
        let RegistryConfig: Registry?
    }
}
