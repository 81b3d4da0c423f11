/// Where engines have their settings.
struct EnginePlaces: Equatable {
    /// Of a plain user's podman; nil for the settings of the whole machine.
    var home: String?
    /// The home of whoever calls, root too: podman reads its files there, whoever it runs as.
    var reader: String?
    /// Whether RKE2 is there, which has k3s's settings under another name.
    var hasRKE2 = false

    let daemon = "/etc/docker/daemon.json"
    let containerd = "/etc/containerd/config.toml"
    let buildkit = "/etc/buildkit/buildkitd.toml"

    var kubernetes: String { "/etc/rancher/\(hasRKE2 ? "rke2" : "k3s")/registries.yaml" }

    /// Folders of hosts.toml files.
    func certificates(_ engine: Engine) -> String {
        engine == .docker ? "/etc/docker/certs.d" : "/etc/containerd/certs.d"
    }

    let machineRegistries = "/etc/containers/registries.conf"

    /// Where it is there, nothing of the machine's is read.
    var readerRegistries: String? { reader.map { "\($0)/.config/containers/registries.conf" } }

    /// Folders of podman's files, in the order in which they are read.
    var registries: [String] {
        ["/etc/containers/registries.conf.d"] + (readerRegistries.map { ["\($0).d"] } ?? [])
    }

    var userRegistries: String? { home.map { "\($0)/.config/containers/registries.conf.d" } }

    /// The file that is ours alone.
    var ownRegistries: String { (userRegistries ?? registries[0]) + "/registry-ndn.conf" }

    /// Below which folder a file of settings must lie, wherever links lead.
    func base(of path: String) -> String {
        if let home, path.hasPrefix(home + "/") { return home }
        return "/etc"
    }
}
