internal import NDN
internal import NIOHTTP1

extension UpstreamSet {
    /// Why no upstream is selected, and what to do about it.
    enum Refusal: Hashable, CustomStringConvertible {
        /// `ns` names no upstream of the list.
        case unknownNamespace(String, known: [String])
        /// `ns` is there several times, with different values.
        case ambiguousNamespace
        /// Nothing says which registry is meant.
        case noUpstream(known: [String])
        /// Nothing says which registry is to be changed.
        case unnamedWrite(known: [String])

        var description: String {
            switch self {
            case .unknownNamespace(let text, let known):
                "this mirror does not serve the registry \"\(text)\"\(Self.list(known)); add it with --mirror, or to hosts in the file of --mirrors"
            case .ambiguousNamespace: "more than one registry in ns="
            case .noUpstream(let known):
                "the request names no registry, and this mirror has no default: put the registry before the repository's name\(Self.list(known))"
            case .unnamedWrite(let known):
                "the push names no registry, and this mirror has several: put the registry before the repository's name\(Self.list(known)), push to a --listen address of its own, or start the mirror with --push-default if its default is meant"
            }
        }

        var status: HTTPResponseStatus {
            switch self {
            case .unknownNamespace, .noUpstream: .notFound
            case .ambiguousNamespace: .badRequest
            case .unnamedWrite: .forbidden
            }
        }

        var error: OCIError {
            switch self {
            case .unnamedWrite: OCIError(.denied, message: description)
            default: OCIError(.nameUnknown, message: description)
            }
        }

        /// A few of the registries that there are.
        private static func list(_ known: [String]) -> String {
            guard !known.isEmpty else { return "" }
            let more = known.count > 8 ? ", …" : ""
            return " (here: \(known.prefix(8).joined(separator: ", "))\(more))"
        }
    }
}
