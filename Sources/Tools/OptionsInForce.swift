/// The options that a running program goes by, as far as they can be compared: some change while it runs, others wait for its next
/// start. Pure.
struct OptionsInForce: Hashable, Sendable {
    private var contents: [String: GivenOption.Content]

    init(_ given: [GivenOption]) { contents = Self.contents(given) }

    /// Names of the options that are others now, sorted: given, not given any more, or given otherwise.
    func changes(to given: [GivenOption]) -> [String] {
        let new = Self.contents(given)
        return Set(contents.keys).union(new.keys).filter { contents[$0] != new[$0] }.sorted()
    }

    /// Some options are what `given` says from now on; what is said of others still waits.
    mutating func take(_ names: Set<String>, from given: [GivenOption]) {
        let new = Self.contents(given)
        for name in names { contents[name] = new[name] }
    }

    /// A switch that is off is one that is not given.
    private static func contents(_ given: [GivenOption]) -> [String: GivenOption.Content] {
        Dictionary(given.map { ($0.option.name, $0.content) }) { first, _ in first }.filter { $0.value != .isOn(false) }
    }
}
