/// The part of TOML 1.0 that a list of registries needs: comments, `[[tables]]` of arrays, bare keys, strings on one line,
/// booleans, and arrays of strings.
///
/// Everything else of TOML is refused with its line, never misread. A complete reader, TOMLKit, draws Foundation and with it
/// tens of megabytes into the program.
package struct TOMLTables: Hashable, Sendable {
    /// A value.
    package enum Value: Hashable, Sendable {
        case string(String)
        case boolean(Bool)
        case strings([String])
    }

    /// One `[[name]]` and the keys below it.
    package struct Table: Hashable, Sendable {
        package let name: String
        /// The line of its header, from 1.
        package let line: Int
        package internal(set) var values: [String: Value] = [:]
    }

    /// What is wrong with a text, and in which line.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let line: Int
        package let why: String
        package var description: String { "line \(line): \(why)" }
    }

    /// The tables in their order.
    package private(set) var tables: [Table] = []

    package init(_ text: String) throws(Failure) {
        var reader = TOMLReader(text)
        while reader.skipBlankLines() {
            if reader.take("[") {
                tables.append(try Self.header(&reader))
            } else {
                let line = reader.line
                let (key, value) = try Self.assignment(&reader)
                guard !tables.isEmpty else { throw Failure(line: line, why: "\"\(key)\" stands before any [[table]]") }
                guard tables[tables.count - 1].values.updateValue(value, forKey: key) == nil else {
                    throw Failure(line: line, why: "\"\(key)\" stands twice in this table")
                }
            }
            try reader.endLine()
        }
    }

    private static func header(_ reader: inout TOMLReader) throws(Failure) -> Table {
        let line = reader.line
        guard reader.take("[") else { throw reader.wrong("write a table as [[name]]") }
        reader.skipBlanks()
        let name = try reader.key()
        reader.skipBlanks()
        guard reader.take("]"), reader.take("]") else { throw reader.wrong("the closing ]] is missing") }
        return Table(name: name, line: line)
    }

    private static func assignment(_ reader: inout TOMLReader) throws(Failure) -> (String, Value) {
        let key = try reader.key()
        reader.skipBlanks()
        guard reader.take("=") else { throw reader.wrong("write \(key) = value") }
        reader.skipBlanks()
        return (key, try value(&reader))
    }

    private static func value(_ reader: inout TOMLReader) throws(Failure) -> Value {
        switch reader.next {
        case "\"", "'": return .string(try reader.string())
        case "[": return .strings(try strings(&reader))
        default:
            let word = reader.word()
            guard word == "true" || word == "false" else {
                throw reader.wrong("the value is neither a \"string\", true, false nor a [list of strings]")
            }
            return .boolean(word == "true")
        }
    }

    private static func strings(_ reader: inout TOMLReader) throws(Failure) -> [String] {
        _ = reader.take("[")
        var strings: [String] = []
        while true {
            _ = reader.skipBlankLines()
            if reader.take("]") { return strings }
            guard reader.next == "\"" || reader.next == "'" else {
                throw reader.wrong("a list holds strings, with commas between them, and ends with ]")
            }
            strings.append(try reader.string())
            _ = reader.skipBlankLines()
            if reader.take("]") { return strings }
            guard reader.take(",") else { throw reader.wrong("a comma or ] is missing in the list") }
        }
    }
}

/// Characters of a text, one after another, and in which line they are.
private struct TOMLReader {
    private var rest: Substring
    private(set) var line = 1

    init(_ text: String) { rest = text[...] }

    var next: Character? { rest.first }

    func wrong(_ why: String) -> TOMLTables.Failure { TOMLTables.Failure(line: line, why: why) }

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    mutating func skipBlanks() {
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    }

    /// Skips blanks, comments and line ends. Returns whether anything is left.
    mutating func skipBlankLines() -> Bool {
        while true {
            skipBlanks()
            if rest.first == "#" { rest = rest.drop { !$0.isNewline } }
            guard let first = rest.first else { return false }
            guard first == "\n" || first == "\r\n" else { return true }
            rest.removeFirst()
            line += 1
        }
    }

    /// Reads the end of a line, before which only a comment may stand.
    mutating func endLine() throws(TOMLTables.Failure) {
        skipBlanks()
        guard let first = rest.first, first != "#", first != "\n", first != "\r\n" else { return }
        throw wrong("\"\(first)\" is unexpected here")
    }

    mutating func word() -> Substring {
        let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
        rest = rest.dropFirst(word.count)
        return word
    }

    mutating func key() throws(TOMLTables.Failure) -> String {
        let key = word()
        guard !key.isEmpty else { throw wrong("a name of letters, digits, - and _ is missing") }
        return String(key)
    }

    /// A basic or a literal string.
    mutating func string() throws(TOMLTables.Failure) -> String {
        let quote = rest.removeFirst()
        guard !rest.hasPrefix(String(repeating: quote, count: 2)) else {
            throw wrong("strings of several lines are not known here")
        }
        var text = ""
        while let character = rest.popFirst(), !character.isNewline {
            if character == quote { return text }
            if quote == "\"", character == "\\" {
                text.append(try escaped())
            } else {
                text.append(character)
            }
        }
        throw wrong("the closing \(quote) is missing")
    }

    private mutating func escaped() throws(TOMLTables.Failure) -> Character {
        switch rest.popFirst() {
        case "\"": return "\""
        case "\\": return "\\"
        case "t": return "\t"
        case "n": return "\n"
        default: throw wrong("only \\\\, \\\", \\t and \\n are known after a backslash; or use '…'")
        }
    }
}
