/// A place in a text, as editors count.
struct TextPlace: Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    var line = 1
    /// Characters from the begin of the line, from 1.
    var column = 1

    var description: String { "\(line):\(column)" }
}

/// The characters of a TOML text one after another, and its words: blanks, keys, strings.
struct TOMLScanner {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    /// Of what is read next.
    private(set) var place = TextPlace()

    /// - Parameter text: a byte order mark at its begin, as some editors write, does not count.
    init(_ text: String) {
        let all = text.unicodeScalars
        scalars = Array(all.dropFirst(all.first == "\u{FEFF}" ? 1 : 0))
    }

    var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    func wrong(_ why: String, at place: TextPlace? = nil) -> TOMLDocument.Failure {
        TOMLDocument.Failure(place: place ?? self.place, why: why)
    }

    /// Whether `word` comes next.
    func begins(with word: String) -> Bool { scalars[index...].starts(with: word.unicodeScalars) }

    mutating func take() -> Unicode.Scalar? {
        guard let scalar = next else { return nil }
        index += 1
        if scalar == "\n" {
            place.line += 1
            place.column = 1
        } else {
            place.column += 1
        }
        return scalar
    }

    mutating func take(_ word: String) -> Bool {
        guard begins(with: word) else { return false }
        for _ in word.unicodeScalars { _ = take() }
        return true
    }

    mutating func takeAll(while isWanted: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = next, isWanted(scalar) {
            text.append(scalar)
            _ = take()
        }
        return String(text)
    }

    // MARK: Blanks

    mutating func skipBlanks() { _ = takeAll { $0 == " " || $0 == "\t" } }

    /// Skips blanks, comments and line ends.
    mutating func skipLines() throws(TOMLDocument.Failure) {
        repeat {
            skipBlanks()
            try skipComment()
        } while takeNewline()
    }

    /// Reads the end of a line, before which only a comment may stand.
    mutating func endLine(after what: String) throws(TOMLDocument.Failure) {
        skipBlanks()
        try skipComment()
        guard let scalar = next, !takeNewline() else { return }
        throw wrong("\(Self.shown(scalar)) follows \(what): write each key in a line of its own")
    }

    private mutating func takeNewline() -> Bool { take("\n") || take("\r\n") }

    private mutating func skipComment() throws(TOMLDocument.Failure) {
        guard take("#") else { return }
        _ = takeAll { $0 == "\t" || !Self.isControl($0) }
        guard let scalar = next, scalar != "\n", !begins(with: "\r\n") else { return }
        throw wrong("a comment may not hold the control character \(Self.shown(scalar))")
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7F }

    static func shown(_ scalar: Unicode.Scalar) -> String {
        isControl(scalar) ? "U+" + hex(scalar.value, digits: 4) : "\"\(scalar)\""
    }

    private static func hex(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    // MARK: Keys

    /// Reads a key, bare or in quotes.
    mutating func key() throws(TOMLDocument.Failure) -> String {
        switch next {
        case "\"", "'":
            guard !begins(with: "\"\"\""), !begins(with: "'''") else {
                throw wrong("a key stands in one line: put it into single quotes")
            }
            return try string()
        default:
            let key = takeAll { Self.isBare($0) }
            guard key.isEmpty else { return key }
            throw wrong("a key is missing here: letters, digits, - and _, or anything else in quotes")
        }
    }

    private static func isBare(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            || scalar == "-" || scalar == "_"
    }

    // MARK: Strings

    /// Reads a string of any of the four kinds; a quote comes next.
    mutating func string() throws(TOMLDocument.Failure) -> String {
        let begin = place
        for quote in ["\"\"\"", "'''"] where take(quote) {
            // The line end directly behind the quotes does not count.
            _ = takeNewline()
            return try string(until: quote, begin: begin)
        }
        for quote in ["\"", "'"] where take(quote) { return try string(until: quote, begin: begin) }
        throw wrong("a quote is missing here")
    }

    private mutating func string(until quote: String, begin: TextPlace) throws(TOMLDocument.Failure) -> String {
        let (hasLines, hasEscapes) = (quote.unicodeScalars.count == 3, quote.hasPrefix("\""))
        var text = String.UnicodeScalarView()
        while let scalar = next {
            if take(quote) {
                // Of up to five quotes at the end, those before the last three belong to the text.
                for _ in 0..<2 where hasLines && begins(with: String(quote.prefix(1))) { text.append(take() ?? scalar) }
                return String(text)
            }
            if hasEscapes, scalar == "\\" {
                if let escaped = try escape(hasLines: hasLines) { text.append(escaped) }
            } else if takeNewline() {
                guard hasLines else { throw unclosed(quote, begin) }
                text.append("\n")
            } else {
                guard scalar == "\t" || !Self.isControl(scalar) else {
                    throw wrong("a string may not hold \(Self.shown(scalar)) itself: write it as an escape in \"…\"")
                }
                text.append(scalar)
                _ = take()
            }
        }
        throw unclosed(quote, begin)
    }

    private func unclosed(_ quote: String, _ begin: TextPlace) -> TOMLDocument.Failure {
        wrong("the closing \(quote) of this string is missing", at: begin)
    }

    /// What a backslash and what follows stand for; nil for nothing, as at the end of a line.
    private mutating func escape(hasLines: Bool) throws(TOMLDocument.Failure) -> Unicode.Scalar? {
        let begin = place
        _ = take()
        let plain: [Unicode.Scalar: Unicode.Scalar] = [
            "b": "\u{8}", "t": "\t", "n": "\n", "f": "\u{C}", "r": "\r", "\"": "\"", "\\": "\\",
        ]
        if let letter = next, let scalar = plain[letter] {
            _ = take()
            return scalar
        }
        for (letter, count) in [("u", 4), ("U", 8)] where take(letter) { return try code(count, begin) }
        if hasLines, try skipsToNextWord() { return nil }
        throw wrong(
            "only \\b, \\t, \\n, \\f, \\r, \\\", \\\\, \\uXXXX and \\UXXXXXXXX are known after a backslash; in '…' it stands for itself",
            at: begin)
    }

    private mutating func code(_ count: Int, _ begin: TextPlace) throws(TOMLDocument.Failure) -> Unicode.Scalar {
        var digits = ""
        while digits.count < count, let scalar = next, scalar.properties.isASCIIHexDigit {
            digits.unicodeScalars.append(scalar)
            _ = take()
        }
        guard digits.count == count, let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) else {
            throw wrong("\\u takes four and \\U eight hexadecimal digits of a Unicode character", at: begin)
        }
        return scalar
    }

    /// After a backslash at the end of a line: skips blanks and line ends.
    private mutating func skipsToNextWord() throws(TOMLDocument.Failure) -> Bool {
        skipBlanks()
        guard takeNewline() else { return false }
        repeat { skipBlanks() } while takeNewline()
        return true
    }
}
