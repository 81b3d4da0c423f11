/// What containerd's configuration says of folders with hosts.toml files; of one that is no TOML nothing.
struct ContainerdFacts: Equatable {
    /// The form of the configuration: 2 is containerd 1's, 3 containerd 2's; nil where it does not say.
    let version: Int?
    /// The folders where the CRI plugin, which a kubelet asks, looks for them.
    let folders: [String]

    /// - Parameter text: config.toml, or what `containerd config dump` prints, which has what it imports and all defaults.
    init(_ text: String) {
        let root = (try? TOMLDocument(text))?.root
        version = root?["version"]?.integer
        folders = Self.readers.flatMap { reader in
            let registry = root?["plugins"]?.table?[reader]?.table?["registry"]?.table
            return (registry?["config_path"]?.string ?? "").split(separator: ":").map(String.init)
        }
    }

    /// The plugins of the CRI: containerd 1's and 2's.
    private static let readers = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images"]

    /// What belongs into config.toml so that `folder` is read.
    func snippet(_ folder: String) -> String {
        let second = """
            version = 3
            [plugins."io.containerd.cri.v1.images".registry]
              config_path = "\(folder)"
            [plugins."io.containerd.transfer.v1.local"]
              config_path = "\(folder)"

            """
        let first = """
            version = 2
            [plugins."io.containerd.grpc.v1.cri".registry]
              config_path = "\(folder)"

            """
        switch version {
        case 3?: return second
        case 2?: return first
        default: return "# containerd 2\n\(second)\n# containerd 1\n\(first)"
        }
    }
}
