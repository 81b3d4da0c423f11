/// Where engines have their settings.
struct EnginePlaces: Equatable {
    /// Of a plain user's podman; nil for the settings of the whole machine.
    var home: String?
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

    /// Folders of podman's files, in the order in which they are read.
    var registries: [String] { ["/etc/containers/registries.conf.d"] + (userRegistries.map { [$0] } ?? []) }

    var userRegistries: String? { home.map { "\($0)/.config/containers/registries.conf.d" } }

    /// The file that is ours alone.
    var ownRegistries: String { (userRegistries ?? registries[0]) + "/registry-ndn.conf" }

    /// Below which folder a file of settings must lie, wherever links lead.
    func base(of path: String) -> String {
        if let home, path.hasPrefix(home + "/") { return home }
        return "/etc"
    }
}
