/// The part `mirrors` of a registries.yaml of k3s or RKE2, as far as it matters here; any text can be read.
enum KubernetesMirrors {
    /// The name that stands for all registries.
    static let everyRegistry = "*"

    /// The addresses that are asked, by registry.
    static func endpoints(in text: String) -> [String: [String]] {
        var endpoints: [String: [String]] = [:]
        var isInside = false
        var name: (text: String, indent: Int)?
        for line in text.split(whereSeparator: \.isNewline) {
            let indent = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indent)
            guard !content.isEmpty, content.first != "#" else { continue }
            if indent == 0 {
                isInside = content.hasPrefix("mirrors:")
                name = nil
            } else if isInside, name == nil || indent <= name?.indent ?? 0 {
                name = (key(content), indent)
            } else if isInside, let name {
                endpoints[name.text, default: []] += urls(content)
            }
        }
        return endpoints
    }

    private static func key(_ content: Substring) -> String {
        if let quote = content.first, quote == "\"" || quote == "'" {
            return String(content.dropFirst().prefix { $0 != quote })
        }
        let end = content.firstRange(of: ": ")?.lowerBound ?? content.lastIndex(of: ":") ?? content.endIndex
        return String(content[..<end])
    }

    private static func urls(_ content: Substring) -> [String] {
        let code = content.firstRange(of: " #").map { content[..<$0.lowerBound] } ?? content
        return code.split { $0.isWhitespace || "[],\"'".contains($0) }.map(String.init).filter { $0.contains("://") }
    }
}
