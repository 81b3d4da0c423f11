import FoundationEssentials

/// Where the members of a JSON object are in its text, so that some can be changed and all others stay as they were written.
///
/// The whole text is checked against RFC 8259; members are those of the outermost object.
struct JSONOutline {
    /// What is wrong with a text, and where; line and column count from 1, the column in octets.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let line: Int
        let column: Int
        let why: String
        var description: String { "line \(line), column \(column): \(why)" }
    }

    /// A value of a list; its text when it is a string.
    struct Element: Equatable {
        let place: Range<Int>
        let text: String?
    }

    struct Member: Equatable {
        let key: String
        /// Where the key begins.
        let start: Int
        let value: Range<Int>
        /// nil unless the value is a list.
        let elements: [Element]?
    }

    /// The object, its braces included.
    let object: Range<Int>
    let members: [Member]

    init(_ octets: [UInt8]) throws(Failure) {
        var reader = JSONReader(octets)
        reader.skipBlanks()
        guard reader.next == UInt8(ascii: "{") else {
            throw reader.wrong("the file must hold one object, which begins with {")
        }
        let start = reader.position
        var members: [Member] = []
        try reader.object { reader, key, begin throws(Failure) in
            let from = reader.position
            let elements = try reader.outlinedValue()
            members.append(Member(key: key, start: begin, value: from..<reader.position, elements: elements))
        }
        object = start..<reader.position
        self.members = members
        reader.skipBlanks()
        guard reader.next == nil else { throw reader.wrong("the object ends before this, and nothing may follow it") }
    }
}

/// Reads the octets of a JSON text one after another.
private struct JSONReader {
    private static let deepest = 100

    private let octets: [UInt8]
    private(set) var position = 0
    private var depth = 0

    init(_ octets: [UInt8]) { self.octets = octets }

    var next: UInt8? { position < octets.count ? octets[position] : nil }

    func wrong(_ why: String) -> JSONOutline.Failure {
        let before = octets[..<position]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let begin = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return JSONOutline.Failure(line: line, column: position - begin + 1, why: why)
    }

    mutating func skipBlanks() {
        while let next, " \t\r\n".utf8.contains(next) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// An object; `member` reads the value of each key, and is told where the key began.
    mutating func object(
        _ member: (inout JSONReader, String, Int) throws(JSONOutline.Failure) -> Void
    ) throws(JSONOutline.Failure) {
        guard try begins("{", "}") else { return }
        var keys: Set<String> = []
        repeat {
            skipBlanks()
            let begin = position
            guard next == UInt8(ascii: "\"") else { throw wrong("a key in quotation marks is missing") }
            let key = try string()
            guard keys.insert(key).inserted else {
                position = begin
                throw wrong("\"\(key)\" stands twice in one object")
            }
            skipBlanks()
            guard take(":") else { throw wrong("a colon is missing after the key \"\(key)\"") }
            skipBlanks()
            try member(&self, key, begin)
            skipBlanks()
        } while take(",")
        try ends("}")
    }

    /// A list; `element` reads each value.
    private mutating func list(
        _ element: (inout JSONReader) throws(JSONOutline.Failure) -> Void
    ) throws(JSONOutline.Failure) {
        guard try begins("[", "]") else { return }
        repeat {
            skipBlanks()
            try element(&self)
            skipBlanks()
        } while take(",")
        try ends("]")
    }

    /// Whether anything stands between an opening and a closing mark, which are taken when nothing does.
    private mutating func begins(
        _ opening: Unicode.Scalar, _ closing: Unicode.Scalar
    ) throws(JSONOutline.Failure) -> Bool {
        guard depth < Self.deepest else { throw wrong("more than \(Self.deepest) lists and objects lie in each other") }
        _ = take(opening)
        skipBlanks()
        guard !take(closing) else { return false }
        depth += 1
        return true
    }

    private mutating func ends(_ closing: Unicode.Scalar) throws(JSONOutline.Failure) {
        guard take(closing) else { throw wrong("a comma or \(closing) is missing") }
        depth -= 1
    }

    /// Reads a value; the elements when it is a list.
    mutating func outlinedValue() throws(JSONOutline.Failure) -> [JSONOutline.Element]? {
        guard next == UInt8(ascii: "[") else {
            try value()
            return nil
        }
        var elements: [JSONOutline.Element] = []
        try list { reader throws(JSONOutline.Failure) in
            let from = reader.position
            let text = reader.next == UInt8(ascii: "\"") ? try reader.string() : nil
            if text == nil { try reader.value() }
            elements.append(JSONOutline.Element(place: from..<reader.position, text: text))
        }
        return elements
    }

    private mutating func value() throws(JSONOutline.Failure) {
        switch next {
        case UInt8(ascii: "{"): try object { reader, _, _ throws(JSONOutline.Failure) in try reader.value() }
        case UInt8(ascii: "["): try list { reader throws(JSONOutline.Failure) in try reader.value() }
        case UInt8(ascii: "\""): _ = try string()
        default: try word()
        }
    }

    /// A number, true, false or null.
    private mutating func word() throws(JSONOutline.Failure) {
        let begin = position
        while let next, next.isWord { position += 1 }
        let word = String(decoding: octets[begin..<position], as: UTF8.self)
        guard !["true", "false", "null"].contains(word) else { return }
        guard (try? JSONDecoder().decode(Double.self, from: Data(word.utf8))) != nil else {
            position = begin
            throw wrong(word.isEmpty ? "a value is missing" : "\"\(word)\" is no value")
        }
    }

    private mutating func string() throws(JSONOutline.Failure) -> String {
        let begin = position
        position += 1
        while let next, next != UInt8(ascii: "\"") {
            guard next >= 0x20 else {
                throw wrong("a string goes on over the end of its line, or holds a control character")
            }
            position += next == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < octets.count else {
            position = begin
            throw wrong("the string that begins here has no end")
        }
        position += 1
        let token = Data(octets[begin..<position])
        guard let text = try? JSONDecoder().decode(String.self, from: token) else {
            position = begin
            throw wrong("what stands after a backslash in this string is not known")
        }
        return text
    }
}

extension UInt8 {
    /// Whether it may stand in a number or in true, false and null.
    fileprivate var isWord: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "+-.".utf8.contains(self)
        }
    }
}
