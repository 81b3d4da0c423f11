internal import NDN
internal import NIOHTTP1

/// What a request may do to what at a registry, in the words of the scopes that token services know
/// (distribution specification, "Token Scope Documentation").
struct RegistryAccess: Hashable {
    enum Subject: Hashable {
        /// `/v2/` itself.
        case root
        /// `/v2/_catalog`.
        case catalog
        case repository(String)
        /// Anything else below `/v2/`.
        case other
    }

    enum Action: String, Hashable {
        case read = "pull"
        case write = "pull,push"
        case delete
    }

    let subject: Subject
    let action: Action
    /// The repository that a blob is mounted from.
    var source: String?

    /// The access that a request with this target, relative to the upstream's base URL, needs; nil for a target that is not below
    /// `/v2/`, where no credentials go.
    init?(_ method: HTTPMethod, _ target: some StringProtocol) {
        let root = "/v2"
        let path = target.prefix { $0 != "?" }
        guard path == root || path.hasPrefix(root + "/"), !DotSegments.occur(in: String(path)) else { return nil }
        switch method {
        case .GET, .HEAD, .OPTIONS: action = .read
        case .DELETE: action = .delete
        default: action = .write
        }
        let rest = path.dropFirst(root.count + 1)
        if rest.isEmpty {
            subject = .root
        } else if rest == "_catalog" {
            subject = .catalog
        } else {
            subject = Self.repository(rest).map { .repository($0) } ?? .other
        }
        let query = target.dropFirst(path.count + 1).split(separator: "&")
        if query.contains(where: { $0.hasPrefix("mount=") }) {
            source = query.first { $0.hasPrefix("from=") }.flatMap { PercentEncoding.decode(String($0.dropFirst(5))) }
                .flatMap { String(validating: $0, as: UTF8.self) }
        }
    }

    /// The name before `/blobs/…`, `/manifests/…` and so on. From the end, as a name may hold such components itself.
    private static func repository(_ path: some StringProtocol) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let end: Int
        switch parts.count {
        case 4... where parts[parts.count - 2] == "uploads" && parts[parts.count - 3] == "blobs": end = parts.count - 3
        case 3... where ["manifests", "blobs", "referrers", "tags"].contains(parts[parts.count - 2]):
            end = parts.count - 2
        default: return nil
        }
        return parts[..<end].joined(separator: "/")
    }

    /// The scopes that a token is asked for when the registry does not name any, separated by spaces; nil for none.
    var scope: String? {
        switch subject {
        case .root, .other: nil
        case .catalog: "registry:catalog:*"
        case .repository(let name):
            "repository:\(name):\(action.rawValue)" + (source.map { " repository:\($0):pull" } ?? "")
        }
    }

    /// The same without the repository that a blob is mounted from: for this tokens are kept.
    var withoutSource: RegistryAccess {
        var access = self
        access.source = nil
        return access
    }
}
