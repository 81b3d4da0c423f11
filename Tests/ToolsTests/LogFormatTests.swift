import Logging
import Testing

@testable import registry_ndn

@Suite("A line of the log")
struct LogFormatTests {
    private static let time = LogTime(seconds: 0, milliseconds: 7)

    @Test("is a JSON object in which numbers are numbers and texts are texts")
    func json() {
        let line = LogFormat.json.line(
            .notice, "a \"b\"",
            [
                "count": .stringConvertible(UInt64(7)), "tag": "7", "half": .stringConvertible(0.5),
                "ok": .stringConvertible(true), "list": [.stringConvertible(1), "x"], "map": ["k": "v\n"],
            ], at: Self.time)
        let expected =
            #"{"time":"1970-01-01T00:00:00.007Z","level":"notice","message":"a \"b\"","count":7,"half":0.5,"list":[1,"x"],"#
            + #""map":{"k":"v\n"},"ok":true,"tag":"7"}"# + "\n"
        #expect(line == expected)
    }

    @Test("is readable text for people, and whatever a peer sent stays on it")
    func text() {
        let line = LogFormat.text.line(
            .warning, "bad\u{1B}[31m\nname", ["why": "two words", "n": .stringConvertible(3), "none": ""],
            at: Self.time)
        #expect(line.hasSuffix(#".007 warning  bad\u001b[31m\nname  n=3  none=""  why="two words""# + "\n"))
        #expect(line.utf8.filter { $0 == 10 }.count == 1)
    }
}
