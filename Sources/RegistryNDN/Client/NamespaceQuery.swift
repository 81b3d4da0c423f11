/// The `ns` parameter with which containerd, and Docker from release 28 on, tell a mirror whose content they want.
struct NamespaceQuery: Hashable {
    /// The request target without it.
    let target: String
    /// Its values as they stood, percent-encoded; usually none or one.
    let values: [String]

    init(target: String) {
        guard let question = target.firstIndex(of: "?") else {
            (self.target, values) = (target, [])
            return
        }
        var values: [String] = []
        let rest = target[target.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
            .filter { parameter in
                guard parameter.hasPrefix("ns=") else { return true }
                values.append(String(parameter.dropFirst(3)))
                return false
            }
        self.values = values
        if values.isEmpty {
            self.target = target
        } else {
            self.target = target[..<question] + (rest.isEmpty ? "" : "?" + rest.joined(separator: "&"))
        }
    }

    /// A value as a host; nil when it is none.
    static func host(_ value: String) -> RegistryHost? {
        guard let octets = PercentEncoding.decode(value) else { return nil }
        return RegistryHost(String(decoding: octets, as: UTF8.self))
    }
}
