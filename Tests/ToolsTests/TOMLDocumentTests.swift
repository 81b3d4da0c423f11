import Testing

@testable import registry_ndn

@Suite("A TOML text")
struct TOMLDocumentTests {
    /// The value below dotted keys; of lists of tables the first.
    private static func value(_ text: String, _ path: String...) throws -> TOMLDocument.Value {
        var table = try TOMLDocument(text).root
        for key in path.dropLast() {
            switch table[key]?.item.value {
            case .table(let next): table = next
            case .tables(let all): table = try #require(all.first)
            default: Issue.record("\(key) is no table")
            }
        }
        return try #require(table[path[path.count - 1]]?.item.value)
    }

    @Test(
        "has strings of four kinds",
        arguments: [
            (#"a = "x""#, "x"), (#"a = 'C:\x "y"'"#, #"C:\x "y""#), (#"a = """#, ""), ("a = ''", ""),
            (#"a = "\b\t\n\f\r\"\\\u00e4\U0001F600" # no"#, "\u{8}\t\n\u{C}\r\"\\ä😀"),
            ("a = \"\"\"\nx\r\n y\"\"\"", "x\n y"), ("a = '''\n\\n'x''y'''", "\\n'x''y"),
            ("a = \"\"\"x \\\n\n   y\\  \n z\"\"\"", "x yz"), (#"a = """"x"""""#, "\"x\""), ("a = ''''x'''''", "'x''"),
            ("a = \"ä#😀\"", "ä#😀"), ("\u{FEFF}a = 'x'", "x"), ("a = \"\"\"\"\"\"", ""),
        ])
    func strings(text: String, value: String) throws {
        #expect(try Self.value(text, "a") == .string(value))
    }

    @Test(
        "has whole numbers",
        arguments: [
            ("0", 0, "0"), ("+17", 17, "+17"), ("-1_000", -1000, "-1000"), ("0xDead_beef", 0xDEAD_BEEF, "0xDeadbeef"),
            ("0o660", 0o660, "0o660"), ("0b101", 5, "0b101"), ("9223372036854775807", Int64.max, "9223372036854775807"),
            ("-9223372036854775808", Int64.min, "-9223372036854775808"),
        ])
    func integers(text: String, number: Int64, shown: String) throws {
        #expect(try Self.value("a = \(text)", "a") == .integer(number, text: shown))
    }

    @Test(
        "has other numbers, and truth",
        arguments: [
            ("1.5", TOMLDocument.Value.float(1.5, text: "1.5")), ("-0.0_1", .float(-0.01, text: "-0.01")),
            ("6e-3", .float(6e-3, text: "6e-3")), ("1.5E+0_2", .float(150, text: "1.5E+02")),
            ("-inf", .float(-.infinity, text: "-inf")), ("true", .boolean(true)), ("false", .boolean(false)),
        ])
    func others(text: String, value: TOMLDocument.Value) throws {
        #expect(try Self.value("a = \(text)", "a") == value)
    }

    @Test("has lists over several lines, with comments in them and a comma at the end")
    func lists() throws {
        let items = try Self.value("a = [ 'x', # one\n\n  [1,],\r\n {b = true}\n ,]\nb = []", "a")
        guard case .array(let items) = items else {
            Issue.record("\(items)")
            return
        }
        #expect(items.map(\.place.line) == [1, 3, 4])
        #expect(items.first?.value == .string("x"))
        #expect(try Self.value("a = []", "a") == .array([]))
    }

    @Test("has keys of any kind, blanks around dots, and tables in any order")
    func tables() throws {
        let text = """
            top = 1 # first
            "a b" . 'c.d' = 2
            [x . y]
            k-1_ = 3
            [x]
            inner.most = 4
            [[list]]
            n = 5
              [list.sub]
              m = 6
            [[list]]
            inline = { a.b = 7, "c" = [8] , d = {} }
            """
        #expect(try Self.value(text, "top") == .integer(1, text: "1"))
        #expect(try Self.value(text, "a b", "c.d") == .integer(2, text: "2"))
        #expect(try Self.value(text, "x", "y", "k-1_") == .integer(3, text: "3"))
        #expect(try Self.value(text, "x", "inner", "most") == .integer(4, text: "4"))
        #expect(try Self.value(text, "list", "sub", "m") == .integer(6, text: "6"))
        guard case .tables(let tables) = try Self.value(text, "list") else {
            Issue.record("no tables")
            return
        }
        #expect(tables.map(\.place) == [TextPlace(line: 7, column: 3), TextPlace(line: 11, column: 3)])
        guard case .table(let inline) = tables[1]["inline"]?.item.value else {
            Issue.record("no table")
            return
        }
        #expect(inline.entries.map(\.key) == ["a", "c", "d"])
    }

    @Test("tells where keys and values stand, in characters")
    func places() throws {
        let root = try TOMLDocument("# ä\r\n\n \"ä\".b  =\t'x'\n").root
        let entry = try #require(root["ä"])
        #expect(entry.place == TextPlace(line: 3, column: 2))
        guard case .table(let table) = entry.item.value, let inner = table["b"] else {
            Issue.record("no b")
            return
        }
        #expect(inner.place == TextPlace(line: 3, column: 6))
        #expect(inner.item.place == TextPlace(line: 3, column: 11))
    }

    @Test("may say nothing", arguments: ["", "\n\n# only this", " \t\r\n", "\u{FEFF}"])
    func empty(text: String) throws {
        #expect(try TOMLDocument(text).root.entries.isEmpty)
    }

    /// What TOML 1.0 forbids, and where that is.
    static let wrong: [(text: String, line: Int, column: Int, words: String)] = [
        ("a", 1, 2, "= is missing"), ("a =", 1, 4, "value is missing"), ("= 1", 1, 1, "key is missing"),
        ("a = b", 1, 5, "quotes"), ("a = \"b", 1, 5, "closing"), ("a = \"b\nc\"", 1, 5, "closing"),
        ("a = '''b", 1, 5, "closing"), ("\"\"\"a\"\"\" = 1", 1, 1, "one line"), ("a = 'b' c", 1, 9, "own"),
        ("a = 1\nb = 1 c = 2", 2, 7, "own"), ("a = \"\\x\"", 1, 6, "backslash"), ("a = \"\\ud800\"", 1, 6, "Unicode"),
        ("a = \"\\u12\"", 1, 6, "four"), ("a = \"\\U00110000\"", 1, 6, "Unicode"), ("a = \"\u{1}\"", 1, 6, "U+0001"),
        ("a = '\u{7F}'", 1, 6, "U+007F"), ("# \u{0}", 1, 3, "comment"), ("a = 1 # \r", 1, 9, "comment"),
        ("a = 1\rb = 2", 1, 6, "own"), ("a = 01", 1, 5, "no value"), ("a = 1__0", 1, 5, "no value"),
        ("a = _1", 1, 5, "no value"), ("a = 1_", 1, 5, "no value"), ("a = 0x", 1, 5, "no value"),
        ("a = +0x1", 1, 5, "no value"), ("a = 0b2", 1, 5, "no value"), ("a = 1.", 1, 5, "no value"),
        ("a = .5", 1, 5, "no value"), ("a = 1.e5", 1, 5, "no value"), ("a = 1e", 1, 5, "no value"),
        ("a = 9223372036854775808", 1, 5, "no value"), ("a = True", 1, 5, "no value"), ("a = + 1", 1, 5, "no value"),
        ("a = 1979-05-27", 1, 5, "dates"), ("a = 1979-05-27T07:32:00Z", 1, 5, "dates"), ("a = 07:32:00", 1, 5, "dates"),
        ("a = [1 2]", 1, 8, "comma"), ("a = [1,,2]", 1, 8, "value is missing"), ("a = [1", 1, 7, "comma"),
        ("a = [,]", 1, 6, "value is missing"), ("a = {b = 1,}", 1, 12, "key is missing"),
        ("a = {b = 1\n}", 1, 11, "one line"), ("a = {b 1}", 1, 8, "= is missing"), ("a = {", 1, 6, "key is missing"),
        ("[a", 1, 3, "closing ]"), ("[a]]", 1, 4, "own"), ("[]", 1, 2, "key is missing"), ("[[a]", 1, 4, "closing ]]"),
        ("[a] b = 1", 1, 5, "own"), ("[a.]", 1, 4, "key is missing"), ("[ [a]]", 1, 3, "key is missing"),
        ("a = 1\n\na = 2", 3, 1, "line 1"), ("a = 1\na.b = 2", 2, 1, "line 1"), ("a.b = 1\na = 2", 2, 1, "twice"),
        ("[a]\n[a]", 2, 2, "line 1"), ("a = 1\n[a]", 2, 2, "line 1"), ("[a]\nb = 1\n[a.b]", 3, 4, "line 2"),
        ("a = {}\n[a.b]", 2, 2, "twice"), ("a = {b.c = 1}\n[a.b]", 2, 2, "twice"),
        ("a = {b = 1, b = 2}", 1, 13, "twice"),
        ("a = {b = {}, b.c = 1}", 1, 14, "twice"), ("a = []\n[[a]]", 2, 3, "twice"), ("[a]\n[[a]]", 2, 3, "twice"),
        ("[[a]]\n[a]", 2, 2, "twice"), ("[a]\nb.c = 1\n[a.b]", 3, 4, "twice"), ("[a.b]\n[a]\nb.c = 1", 3, 1, "twice"),
        ("[[a]]\n[[a.b]]\n[a.b]", 3, 4, "twice"), ("\"a\" = 1\na = 2", 2, 1, "twice"),
    ]

    @Test("is refused with the place of what is wrong", arguments: wrong)
    func refusals(text: String, line: Int, column: Int, words: String) {
        do throws(TOMLDocument.Failure) {
            let root = try TOMLDocument(text).root
            Issue.record("\(text.debugDescription) was read as \(root)")
        } catch {
            #expect(error.place == TextPlace(line: line, column: column), "\(text.debugDescription): \(error)")
            #expect(error.why.contains(words), "\(text.debugDescription): \(error)")
        }
    }

    @Test("is refused in one line, whatever its keys are")
    func line() {
        do throws(TOMLDocument.Failure) {
            _ = try TOMLDocument("\"a\\n\\u001B\" = 1\n\"a\\n\\u001b\" = 2")
            Issue.record("a key was read twice")
        } catch {
            #expect("\(error)" == "2:1: a?? is given twice, first in line 1: keep one of them")
        }
    }

    @Test("is refused when it is nested without end", arguments: ["[", "{a=", "a."])
    func depth(piece: String) {
        for prefix in ["a = ", ""] {
            let text = prefix + String(repeating: piece, count: 100_000)
            #expect(throws: TOMLDocument.Failure.self) { try TOMLDocument(text) }
        }
    }

    // MARK: Any text

    /// The same numbers every time.
    private struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    @Test("of any characters is read or refused, at a place that it has")
    func anything() throws {
        let pieces = [
            "a", "b", ".", "=", " = ", "\"", "'", "\"\"\"", "'''", "[", "]", "[[", "]]", "{", "}", ",", "\n", "\r\n",
            "#",
            "\\", "\\u0041", "0", "1", "_", "-", "+", "e", "x", "true", "inf", "1979-05-27", "\t", " ", "ä", "\u{0}",
            "[a]\n", "a = 1\n", "[[b]]\n", "b.a = 2\n",
        ]
        var chance = Chance(state: 1)
        var read = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 1...14, using: &chance)).map { _ in
                pieces.randomElement(using: &chance) ?? ""
            }.joined()
            do throws(TOMLDocument.Failure) {
                _ = try TOMLDocument(text)
                read += 1
            } catch {
                let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
                let isThere =
                    (1...lines.count).contains(error.place.line)
                    && (1...lines[error.place.line - 1].count + 1).contains(error.place.column)
                #expect(isThere, "\(text.debugDescription): \(error)")
            }
        }
        // Else the texts are too bad to try much.
        #expect(read > 300)
    }

    @Test("gives back every value that is written for it")
    func values() throws {
        var chance = Chance(state: 2)
        for _ in 0..<5_000 {
            let scalars = (0..<Int.random(in: 0...12, using: &chance)).compactMap { _ -> Unicode.Scalar? in
                let isPlain = Bool.random(using: &chance)
                return Unicode.Scalar(UInt32.random(in: 0...(isPlain ? 0x7F : 0x10FFFF), using: &chance))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let written = "# \u{9}\na = \(PrintedConfiguration.value(text)) # \n"
            switch try Self.value(written, "a") {
            case .string(let read): #expect(read.unicodeScalars.elementsEqual(scalars), "\(written.debugDescription)")
            case .integer(_, let read): #expect(read == text)
            case let other: Issue.record("\(other)")
            }
        }
    }
}
