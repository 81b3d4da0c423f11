/// The format of `.env` files: `NAME=value` lines, comments, quotes, an optional `export`.
///
/// Such a file is often shared by several programs. Lines that only others understand are left out and counted; one that
/// may be meant for us and cannot be read is an error, since going on without it could make more public than is wanted.
struct DotEnv {
    /// What is wrong with a file, and in which line.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// A variable that stands in several lines.
    struct Repetition: Equatable {
        let name: String
        var lines: [Int]
    }

    /// Of a name that stands twice, the last value.
    private(set) var variables: [String: String] = [:]
    /// Those of ours that stand more than once, by the lines in which they do.
    var repeated: [Repetition] { places.filter { $0.lines.count > 1 } }
    /// Where ours stand.
    private var places: [Repetition] = []
    /// The line that gives a variable of ours its value.
    func line(of name: String) -> Int? { places.first { $0.name == name }?.lines.last }
    /// Numbers of the lines that are no `NAME=value`.
    private(set) var ignored: [Int] = []

    /// Reads UTF-8, or UTF-16 that begins with a byte order mark; lines end with LF or CRLF.
    ///
    /// `'…'` and `` `…` `` are taken as they are; in `"…"` the escapes `\n`, `\r`, `\t`, `\"` and `\\` are known. A quoted value
    /// may go over several lines. Without quotes the value ends at ` #`, and blanks around it do not count.
    ///
    /// - Parameter isOurs: Whether a variable is one that this program may read.
    init(_ octets: [UInt8], isOurs: (String) -> Bool) throws(Failure) {
        let lines = Self.lines(octets)
        var index = 0
        while index < lines.count {
            let line = lines[index]
            do throws(Failure) {
                guard let (name, start) = try Self.name(line) else {
                    index += 1
                    continue
                }
                let (value, end) = try Self.value(start, at: index, in: lines, isOurs: isOurs)
                guard !isOurs(name) || !value.contains("${") else {
                    throw Failure(description: "${…} is not replaced here: write the value itself")
                }
                variables[name] = value
                if isOurs(name) { note(name, in: index + 1) }
                index = end + 1
            } catch {
                guard !Self.mentions(line, isOurs) else {
                    throw Failure(description: "line \(index + 1): \(error)")
                }
                ignored.append(index + 1)
                index += 1
            }
        }
    }

    private mutating func note(_ name: String, in line: Int) {
        if let place = places.firstIndex(where: { $0.name == name }) {
            places[place].lines.append(line)
        } else {
            places.append(Repetition(name: name, lines: [line]))
        }
    }

    private static func lines(_ octets: [UInt8]) -> [Substring] {
        var text: String
        switch octets.prefix(2) {
        case [0xFF, 0xFE]: text = utf16(octets) { UInt16($0) | UInt16($1) << 8 }
        case [0xFE, 0xFF]: text = utf16(octets) { UInt16($0) << 8 | UInt16($1) }
        default: text = String(decoding: octets, as: UTF8.self)
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { $0.trimmed }
    }

    private static func utf16(_ octets: [UInt8], _ unit: (UInt8, UInt8) -> UInt16) -> String {
        let units = stride(from: 0, to: octets.count - 1, by: 2).map { unit(octets[$0], octets[$0 + 1]) }
        return String(decoding: units, as: UTF16.self)
    }

    /// The name of a line and the text behind its `=`; nil for an empty line and a comment.
    private static func name(_ line: Substring) throws(Failure) -> (String, Substring)? {
        guard let first = line.first, first != "#" else { return nil }
        guard let equals = line.firstIndex(of: "=") else {
            throw Failure(description: "no = in it; write NAME=value")
        }
        var name = line[..<equals].trimmed
        if name.hasPrefix("export"), name.dropFirst("export".count).first?.isWhitespace == true {
            name = name.dropFirst("export".count).trimmed
        }
        guard isName(name) else { throw Failure(description: "\"\(name)\" is no variable name") }
        return (String(name), line[line.index(after: equals)...].trimmed)
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.first, !first.isNumber else { return false }
        return text.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    /// A value that begins with `start`, in line number `index`, and the number of the line where it ends.
    private static func value(
        _ start: Substring, at index: Int, in lines: [Substring], isOurs: (String) -> Bool
    ) throws(Failure) -> (String, Int) {
        guard let quote = start.first, "\"'`".contains(quote) else { return (start.withoutComment, index) }
        var text = String(start.dropFirst())
        for end in index..<lines.count {
            if end > index {
                // Rather a quote that nobody closed than our variable within another's value.
                guard !mentions(lines[end], isOurs) else { break }
                text += "\n" + lines[end]
            }
            guard let (value, rest) = unquote(text, quote) else { continue }
            guard rest.isEmpty || rest.hasPrefix("#") else {
                throw Failure(description: "something follows the closing \(quote)")
            }
            return (value, end)
        }
        throw Failure(description: "the closing \(quote) is missing")
    }

    /// Whether a line seems to speak of a variable of ours, outside of a comment.
    private static func mentions(_ line: Substring, _ isOurs: (String) -> Bool) -> Bool {
        guard !line.hasPrefix("#") else { return false }
        return line.split { !($0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber)) }.contains { isOurs(String($0)) }
    }

    private static func unquote(_ text: String, _ quote: Character) -> (text: String, rest: Substring)? {
        var value = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == quote { return (value, rest.trimmed) }
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

extension Substring {
    /// Without blanks at either end.
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    fileprivate var withoutComment: String {
        let comment = indices.first {
            self[$0] == "#" && ($0 == startIndex || self[index(before: $0)].isWhitespace)
        }
        return String(self[..<(comment ?? endIndex)].trimmed)
    }
}
