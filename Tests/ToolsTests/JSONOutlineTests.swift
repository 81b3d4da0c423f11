import Testing

@testable import registry_ndn

@Suite("Where members of a JSON object are")
struct JSONOutlineTests {
    private func outline(_ text: String) throws -> JSONOutline { try JSONOutline(Array(text.utf8)) }

    @Test("members have their keys as text, their places, and the elements of lists")
    func members() throws {
        let text = #" {"a\u0062": [ "x/\/", 1 ], "c":{"d":[{}]}} "#
        let found = try outline(text).members
        func slice(_ place: Range<Int>) -> String { String(decoding: Array(text.utf8)[place], as: UTF8.self) }
        #expect(found.map(\.key) == ["ab", "c"])
        #expect(found.map { slice($0.value) } == [#"[ "x/\/", 1 ]"#, #"{"d":[{}]}"#])
        #expect(found[0].elements?.map(\.text) == ["x//", nil] && found[1].elements == nil)
    }

    @Test(
        "any JSON text with an object is read",
        arguments: ["{}", "{ }\n", #"{"a":-1.5e3,"b":true,"c":null,"d":"","e":[]}"#])
    func accepted(text: String) throws { _ = try outline(text) }

    @Test(
        "what is wrong is named with its line and column",
        arguments: [
            ("{\n  \"a\": 1,\n}", 3, 1, "a key in quotation marks"), ("{\"a\" 1}", 1, 6, "colon"),
            ("{\"a\": }", 1, 7, "a value is missing"), ("{\"a\": tru}", 1, 7, "\"tru\""), ("[]", 1, 1, "one object"),
            ("", 1, 1, "one object"), ("{} {}", 1, 4, "nothing may follow"),
            ("{\"a\": \"b\n\"}", 1, 9, "end of its line"),
            ("{\"a\": \"b", 1, 7, "has no end"), ("{\"a\": \"\\q\"}", 1, 7, "backslash"),
            ("{\"a\": [1 2]}", 1, 10, "comma or ]"),
            ("{\n\"a\": 1,\n\"a\": 2}", 3, 1, "stands twice"), ("{\"a\": 01}", 1, 7, "\"01\""),
            ("{\"a\": 1", 1, 8, "comma or }"),
            ("{\"a\": \"\\", 1, 7, "has no end"),
        ])
    func refused(text: String, line: Int, column: Int, why: String) throws {
        let failure = #expect(throws: JSONOutline.Failure.self) { try outline(text) }
        #expect(failure?.line == line && failure?.column == column, "\(String(describing: failure))")
        #expect(failure?.why.contains(why) == true, "\(String(describing: failure))")
    }

    @Test("lists that lie in each other without end are refused")
    func depth() {
        #expect(throws: JSONOutline.Failure.self) { try outline("{\"a\":" + String(repeating: "[", count: 100_000)) }
    }
}

@Suite("Docker's settings")
struct DaemonSettingsTests {
    private func putting(_ address: String, into text: String?, at key: String = DaemonSettings.mirrors) throws
        -> String
    {
        var settings = DaemonSettings(text)
        try settings.put(address, into: key)
        return settings.text
    }

    @Test(
        "an address is put first, and all else stays as it was written",
        arguments: [
            (nil, "{\n  \"registry-mirrors\": [\"http://a\"]\n}\n"),
            ("", "{\n  \"registry-mirrors\": [\"http://a\"]\n}\n"),
            ("{}", "{\n  \"registry-mirrors\": [\"http://a\"]\n}"),
            ("{\"debug\":true}", "{\"debug\":true, \"registry-mirrors\": [\"http://a\"]}"),
            (
                "{\n    \"debug\": true,\n\n    \"x\": {\"y\": 1e2}\n}\n",
                "{\n    \"debug\": true,\n\n    \"x\": {\"y\": 1e2},\n    \"registry-mirrors\": [\"http://a\"]\n}\n"
            ),
            ("{\"registry-mirrors\": []}", "{\"registry-mirrors\": [\"http://a\"]}"),
            ("{\"registry-mirrors\": [\"http://b\"]}", "{\"registry-mirrors\": [\"http://a\", \"http://b\"]}"),
            (
                "{\n\t\"registry-mirrors\": [\n\t\t\"http://b/\"\n\t]\n}\n",
                "{\n\t\"registry-mirrors\": [\n\t\t\"http://a\",\n\t\t\"http://b/\"\n\t]\n}\n"
            ),
            ("{\"registry-mirrors\": [\"http://a/\"]}", "{\"registry-mirrors\": [\"http://a/\"]}"),
        ] as [(String?, String)])
    func put(before: String?, after: String) throws { #expect(try putting("http://a", into: before) == after) }

    @Test("a reload is enough for what is added, and not for what is taken away")
    func reload() {
        let (with, without) = ("{\"registry-mirrors\": [\"http://a\"]}", "{}")
        for (before, after) in [(nil, with), (without, with), (with, with), (nil, without)] {
            #expect(DaemonSettings.isReloadEnough(from: before, to: after))
        }
        for after in [nil, without, "{\"registry-mirrors\": []}"] {
            #expect(!DaemonSettings.isReloadEnough(from: with, to: after))
        }
    }

    @Test("a list that is none, and a file that is no JSON, are refused with their place")
    func refused() {
        for (text, place) in [
            ("{\"registry-mirrors\": \"http://b\"}", "line 1, column 22"),
            ("{\n\"registry-mirrors\": [1]}", "line 2, column 21"),
            ("{\n", "line 2, column 1"),
        ] {
            let failure = #expect(throws: JSONOutline.Failure.self) { try putting("http://a", into: text) }
            #expect(failure.map { "\($0)".hasPrefix(place) } == true, "\(String(describing: failure))")
        }
    }
}
