/// The format of `.env` files: `NAME=value` lines, comments, quotes, an optional `export`.
enum DotEnv {
    /// What is wrong with a file, and in which line.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The variables of `text`; of a name that stands twice, the last value.
    ///
    /// `'…'` is taken as it is; in `"…"` the escapes `\n`, `\r`, `\t`, `\"` and `\\` are known. Without quotes the value
    /// ends at ` #`, and blanks around it do not count.
    static func parse(_ text: String) throws -> [String: String] {
        var variables: [String: String] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard let (name, value) = try parse(line: String(line).trimmed, number: index + 1) else { continue }
            variables[name] = value
        }
        return variables
    }

    private static func parse(line: String, number: Int) throws -> (String, String)? {
        guard !line.isEmpty, !line.hasPrefix("#") else { return nil }
        func wrong(_ why: String) -> Failure { Failure(description: "line \(number): \(why)") }
        guard let equals = line.firstIndex(of: "=") else { throw wrong("no = in it; write NAME=value") }
        var name = String(line[..<equals]).trimmed
        if name.hasPrefix("export ") { name = String(name.dropFirst("export ".count)).trimmed }
        let isName = name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || Character(Unicode.Scalar($0)).isWordCharacter }
        guard let first = name.first, isName, !first.isNumber else { throw wrong("\"\(name)\" is no variable name") }
        let rest = String(line[line.index(after: equals)...]).trimmed
        guard let quote = rest.first, quote == "\"" || quote == "'" else { return (name, rest.withoutComment) }
        guard let value = unquote(rest.dropFirst(), quote) else { throw wrong("the closing \(quote) is missing") }
        guard value.rest.trimmed.isEmpty || value.rest.trimmed.hasPrefix("#") else {
            throw wrong("something follows the closing \(quote)")
        }
        return (name, value.text)
    }

    private static func unquote(_ text: Substring, _ quote: Character) -> (text: String, rest: String)? {
        var value = ""
        var rest = text
        while let character = rest.popFirst() {
            if character == quote { return (value, String(rest)) }
            guard character == "\\", quote == "\"", let escaped = rest.popFirst() else {
                value.append(character)
                continue
            }
            switch escaped {
            case "n": value.append("\n")
            case "r": value.append("\r")
            case "t": value.append("\t")
            case "\"", "\\": value.append(escaped)
            default: value += "\\\(escaped)"
            }
        }
        return nil
    }
}

extension String {
    /// Without blanks at either end.
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

    fileprivate var withoutComment: String {
        guard
            let comment = indices.first(where: {
                self[$0] == "#" && ($0 == startIndex || self[index(before: $0)].isWhitespace)
            })
        else { return self }
        return String(self[..<comment]).trimmed
    }
}

extension Character {
    fileprivate var isWordCharacter: Bool { isASCII && (isLetter || isNumber) }
}
