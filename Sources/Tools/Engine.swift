import ArgumentParser

/// A container engine that is led through the client; docs/engines.md has a recipe for each.
enum Engine: String, CaseIterable, ExpressibleByArgument, Codable, CustomStringConvertible {
    case docker, containerd, podman, buildkit, k3s

    var description: String { rawValue }

    /// Programs of which one is there where the engine is.
    var programs: [String] {
        switch self {
        case .docker: ["dockerd", "docker"]
        case .containerd: ["containerd"]
        case .podman: ["podman"]
        case .buildkit: ["buildkitd"]
        case .k3s: ["k3s", "rke2"]
        }
    }
}
