internal import NDN

/// The target of a request in origin form (RFC 9112 section 3.2.1): its path, and the parameters of its query, each as it
/// was written.
struct RequestTarget: Hashable {
    var path: String
    /// The parameters of the query; nil without a query.
    private var parameters: [String]?

    init(_ text: String) {
        guard let question = text.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            (path, parameters) = (text, nil)
            return
        }
        path = String(text[..<question])
        parameters = text[text.utf8.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
            .map(String.init)
    }

    var text: String { parameters.map { path + "?" + $0.joined(separator: "&") } ?? path }

    /// The values of a parameter, percent-encoded.
    func values(of name: String) -> [String] {
        (parameters ?? []).filter { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    /// Takes a parameter out, each time that it is there or the last time alone.
    mutating func remove(_ name: String, lastAlone: Bool = false) {
        guard var rest = parameters else { return }
        let places = rest.indices.filter { rest[$0].hasPrefix(name + "=") }
        guard !places.isEmpty else { return }
        for place in places.reversed().prefix(lastAlone ? 1 : places.count) { rest.remove(at: place) }
        parameters = rest.isEmpty ? nil : rest
    }

    /// Changes every value of a parameter.
    mutating func change(_ name: String, _ change: (String) -> String) {
        parameters = parameters?.map { parameter in
            guard parameter.hasPrefix(name + "=") else { return parameter }
            return name + "=" + change(String(parameter.dropFirst(name.utf8.count + 1)))
        }
    }
}
