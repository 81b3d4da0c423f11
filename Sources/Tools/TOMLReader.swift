/// Reads the lines of a TOML text one after another: headers of tables, and keys with their values.
struct TOMLReader {
    /// Lists and tables within each other, at most: nobody means more, and each takes a piece of the stack.
    static let maximumDepth = 32

    /// A key and where it stands.
    struct Key: Hashable {
        let name: String
        let place: TextPlace
    }

    /// A value as it is written; an inline table still has dotted keys.
    struct Written {
        let place: TextPlace
        let value: Value

        enum Value {
            case plain(TOMLDocument.Value)
            case array([Written])
            case table([(path: [Key], value: Written)])
        }
    }

    enum Statement {
        case header([Key], isArray: Bool)
        case assignment([Key], Written)
    }

    private var scanner: TOMLScanner

    init(_ text: String) { scanner = TOMLScanner(text) }

    /// The next line that says something; nil at the end.
    mutating func statement() throws(TOMLDocument.Failure) -> Statement? {
        try scanner.skipLines()
        guard scanner.next != nil else { return nil }
        let statement = try scanner.begins(with: "[") ? header() : assignment()
        return statement
    }

    private mutating func header() throws(TOMLDocument.Failure) -> Statement {
        let isArray = scanner.take("[[")
        let close = isArray ? "]]" : "]"
        if !isArray { _ = scanner.take("[") }
        let path = try path()
        guard scanner.take(close) else { throw scanner.wrong("the closing \(close) of this table is missing here") }
        try scanner.endLine(after: "the table")
        return .header(path, isArray: isArray)
    }

    private mutating func assignment() throws(TOMLDocument.Failure) -> Statement {
        let (path, value) = try pair(depth: 0)
        try scanner.endLine(after: "the value")
        return .assignment(path, value)
    }

    private mutating func pair(depth: Int) throws(TOMLDocument.Failure) -> ([Key], Written) {
        let path = try path()
        guard scanner.take("=") else {
            throw scanner.wrong("an = is missing here: write \(path.map(\.name).joined(separator: ".")) = value")
        }
        scanner.skipBlanks()
        return (path, try value(depth: depth))
    }

    /// Keys with dots between them, and the blanks around them.
    private mutating func path() throws(TOMLDocument.Failure) -> [Key] {
        var path: [Key] = []
        repeat {
            scanner.skipBlanks()
            let place = scanner.place
            path.append(Key(name: try scanner.key(), place: place))
            scanner.skipBlanks()
            // As far as tables may be nested.
            guard path.count <= Self.maximumDepth else { throw scanner.wrong("this key has too many parts", at: place) }
        } while scanner.take(".")
        return path
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(TOMLDocument.Failure) -> Written {
        let place = scanner.place
        guard depth <= Self.maximumDepth else {
            throw scanner.wrong("more than \(Self.maximumDepth) lists or tables are nested here: write fewer")
        }
        switch scanner.next {
        case "\"", "'": return Written(place: place, value: .plain(.string(try scanner.string())))
        case "[": return Written(place: place, value: .array(try array(depth: depth)))
        case "{": return Written(place: place, value: .table(try inlineTable(depth: depth)))
        default: return Written(place: place, value: .plain(try word()))
        }
    }

    private mutating func array(depth: Int) throws(TOMLDocument.Failure) -> [Written] {
        _ = scanner.take("[")
        var values: [Written] = []
        while true {
            try scanner.skipLines()
            if scanner.take("]") { return values }
            values.append(try value(depth: depth + 1))
            try scanner.skipLines()
            if scanner.take("]") { return values }
            guard scanner.take(",") else { throw scanner.wrong("a comma or ] is missing in the list") }
        }
    }

    private mutating func inlineTable(depth: Int) throws(TOMLDocument.Failure) -> [(path: [Key], value: Written)] {
        _ = scanner.take("{")
        var pairs: [(path: [Key], value: Written)] = []
        scanner.skipBlanks()
        if scanner.take("}") { return pairs }
        while true {
            let (path, value) = try pair(depth: depth + 1)
            pairs.append((path, value))
            scanner.skipBlanks()
            if scanner.take("}") { return pairs }
            guard scanner.take(",") else {
                throw scanner.wrong("a comma or } is missing in the table, which stands in one line")
            }
        }
    }

    /// A number, or true or false.
    private mutating func word() throws(TOMLDocument.Failure) -> TOMLDocument.Value {
        let place = scanner.place
        let word = scanner.takeAll {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789_+-.:".unicodeScalars.contains($0))
        }
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "": throw scanner.wrong("a value is missing here")
        default: break
        }
        guard !TOMLNumber.isTime(word) else {
            throw scanner.wrong("dates and times are not known here, since no option takes one", at: place)
        }
        guard let number = TOMLNumber.value(word) else {
            throw scanner.wrong("\(word) is no value: write a \"string\" in quotes, a number, true or false", at: place)
        }
        return number
    }
}

/// How TOML writes numbers.
private enum TOMLNumber {
    static func isTime(_ word: String) -> Bool {
        let digits = word.prefix { ("0"..."9").contains($0) }
        let rest = word.dropFirst(digits.count)
        guard let second = rest.dropFirst().first, ("0"..."9").contains(second) else { return false }
        return digits.count == 4 && rest.first == "-" || digits.count == 2 && rest.first == ":"
    }

    /// Nil for what is no number of TOML's, or beyond what it counts.
    static func value(_ word: String) -> TOMLDocument.Value? {
        let unsigned = word.first == "+" || word.first == "-" ? word.dropFirst() : word[...]
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.hasPrefix(prefix) {
            let digits = word.dropFirst(2)
            guard isSeparated(digits, radix: radix) else { return nil }
            let text = digits.filter { $0 != "_" }
            return Int64(text, radix: radix).map { .integer($0, text: prefix + text) }
        }
        if unsigned == "inf" || unsigned == "nan" { return Double(word).map { .float($0, text: word) } }
        let text = word.filter { $0 != "_" }
        if isWhole(unsigned) { return Int64(text).map { .integer($0, text: text) } }
        guard isFraction(unsigned) else { return nil }
        return Double(text).map { .float($0, text: text) }
    }

    /// Digits, with single underscores between them.
    private static func isSeparated(_ text: Substring, radix: Int = 10) -> Bool {
        text.split(separator: "_", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.allSatisfy { $0.isASCII && $0.hexDigitValue.map { $0 < radix } ?? false }
        }
    }

    private static func isWhole(_ text: Substring) -> Bool {
        isSeparated(text) && (text.first != "0" || text.count == 1)
    }

    private static func isFraction(_ text: Substring) -> Bool {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        if parts.count == 2 {
            let exponent = parts[1].first == "+" || parts[1].first == "-" ? parts[1].dropFirst() : parts[1]
            guard isSeparated(exponent) else { return false }
        }
        let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, isWhole(halves[0]) else { return false }
        return halves.count == 1 ? parts.count == 2 : isSeparated(halves[1])
    }
}
