/// What an engine's TOML file assigns, as far as it matters here: which strings which key of which table gets.
///
/// Any file can be read, also a wrong one: engines have readers of their own, which say what is wrong with it. Inline tables
/// and strings of several lines are passed over.
struct TOMLSketch {
    struct Assignment: Equatable {
        /// The parts of the header above, without quotation marks: `[plugins."a.b".registry]` is plugins, a.b, registry.
        let table: [String]
        /// Which header it is, from 1; 0 before the first.
        let header: Int
        let key: String
        /// The strings of the value, and its words true, false and numbers.
        let values: [String]
    }

    private(set) var assignments: [Assignment] = []
    /// The parts of each header, also of those with nothing below them.
    private(set) var headers: [[String]] = []

    init(_ text: String) {
        var open: (key: String, tokens: [Token])?
        for line in text.split(whereSeparator: \.isNewline) {
            let tokens = Self.tokens(of: line)
            if let (key, before) = open {
                let all = before + tokens
                open = Self.isClosed(all) ? nil : (key, all)
                if open == nil { add(key, all) }
            } else if tokens.first == .mark("[") {
                headers.append(tokens.compactMap(\.text))
            } else if let equals = tokens.firstIndex(of: .mark("=")) {
                let key = tokens[..<equals].compactMap(\.text).joined(separator: ".")
                let value = Array(tokens[(equals + 1)...])
                if Self.isClosed(value) { add(key, value) } else { open = (key, value) }
            }
        }
    }

    private mutating func add(_ key: String, _ value: [Token]) {
        assignments.append(
            Assignment(
                table: headers.last ?? [], header: headers.count, key: key, values: value.compactMap(\.text)))
    }

    private enum Token: Equatable {
        case word(String)
        case mark(Character)

        var text: String? {
            guard case .word(let text) = self else { return nil }
            return text
        }
    }

    /// Whether every list that begins in a value ends in it.
    private static func isClosed(_ tokens: [Token]) -> Bool {
        tokens.count { $0 == .mark("[") } <= tokens.count { $0 == .mark("]") }
    }

    /// Words, strings and marks up to a comment; blanks, commas and dots are left out.
    private static func tokens(of line: Substring) -> [Token] {
        var tokens: [Token] = []
        var rest = line
        while let first = rest.first, first != "#" {
            if first == "\"" || first == "'" {
                rest = rest.dropFirst()
                let text = rest.prefix { $0 != first }
                tokens.append(.word(String(text)))
                rest = rest.dropFirst(text.count + 1)
            } else if "[]={}".contains(first) {
                tokens.append(.mark(first))
                rest = rest.dropFirst()
            } else if first.isWhitespace || ",.".contains(first) {
                rest = rest.dropFirst()
            } else {
                let word = rest.prefix { !$0.isWhitespace && !"[]={}\"',.#".contains($0) }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return tokens
    }
}
