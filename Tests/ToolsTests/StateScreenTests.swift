import RegistryNDN
import Testing

@testable import registry_ndn

/// What `top` reads, and what it draws.
@Suite struct StateScreenTests {
    private static let json = """
        {"program":"client","version":"1.2.3","commit":"c","started":1000,"now":NOW,"health":{"state":"degraded","summary":"NDN is not used",
        "reason":"no route","remedy":"start a server"},"process":{"memory_bytes":21000000,"cpu_seconds":1.5},
        "problems":[{"time":1090,"level":"warning","text":"odd \\u001b[31m"}],"client":{"requests":2,"pull_count":1,
        "pulls":[{"id":"1","prefix":"/p","repository":"demo/app","digest":"sha256:0123456789abcdef","ndn_bytes":OCTETS,
        "upstream_bytes":0,"size":100000000,"seconds":2}],"recent":[RECENT],"registries":[],"routers":[],
        "hour":{"ndn_bytes":[1000000,0],"upstream_bytes":[0,1000000]}}}
        """

    /// What failed: nothing came, the registry said why it refuses, and what came was cut.
    private static let recent = [
        #""ndn_bytes":0,"upstream_bytes":0,"status":502,"failure":"connection refused","fallback":"no route""#,
        #""ndn_bytes":0,"upstream_bytes":13,"status":404,"failure":"the registry answers 404 Not Found""#,
        #""ndn_bytes":0,"upstream_bytes":0,"failure":"the connection was closed before the answer was out""#,
        #""ndn_bytes":7,"upstream_bytes":0,"status":200"#,
    ].map { #"{"id":"2","prefix":"/p","repository":"old","digest":"sha256:00","seconds":2,\#($0)}"# }.joined(
        separator: ",")

    private static func state(now: Int, octets: Int) throws -> ProgramState {
        let text = json.split(separator: "NOW").joined(separator: "\(now)").split(separator: "OCTETS")
            .joined(separator: "\(octets)").split(separator: "RECENT").joined(separator: recent)
        return try ProgramState(json: text.utf8)
    }

    private static func screen(width: Int) throws -> StateScreen {
        StateScreen(
            try state(now: 1101, octets: 50_000_000), since: try state(now: 1100, octets: 40_000_000), width: width)
    }

    @Test func ratesAreDifferencesOfTwoStates() throws {
        let lines = try Self.screen(width: 120).lines(hasColors: false)
        #expect(lines[0].hasPrefix("registry-ndn client 1.2.3  NDN is not used  up 1 min"))
        #expect(lines.contains("  What to do: start a server."))
        let pull = try #require(lines.first { $0.contains("demo/app") })
        #expect(pull == "  demo/app 0123456789ab  NDN  50.0 MB  10.0 MB/s  [##########..........]  50 %  5.0 s left")
        #expect(lines.contains { $0.contains("over NDN") && $0.hasSuffix("1.0 MB  50 %") })
    }

    @Test func withoutATerminalNoLineIsCut() throws {
        let text = Self.json.replacing("odd", with: String(repeating: "long ", count: 100) + "end")
            .replacing("NOW", with: "1101").replacing("OCTETS", with: "1").replacing("RECENT", with: Self.recent)
            .replacing("no route", with: String(repeating: "far ", count: 100) + "away")
        let lines = StateScreen(try ProgramState(json: text.utf8), since: nil, width: .max).lines(hasColors: false)
        #expect(lines.contains { $0.contains("long end") })
        #expect(
            lines.contains {
                $0.hasPrefix("  old")
                    && $0.hasSuffix("connection refused; \(String(repeating: "far ", count: 100))away")
            })
    }

    @Test func pullsThatFailedAreMarked() throws {
        let lines = try Self.screen(width: 200).lines(hasColors: false).filter { $0.hasPrefix("  old") }
            .map { $0.split(separator: "  ", omittingEmptySubsequences: true).map { $0.trimmingPrefix(" ") } }
        #expect(lines.map { $0[1] } == ["failed, 502", "failed, 404", "nothing", "NDN"])
        #expect(lines[0].last == "connection refused; no route" && lines[3].last == "in 2.0 s")
    }

    @Test func aShareIsNeitherAllNorNothingUnlessItIs() {
        let shares = [0, 1, 9, 10, 15, 500, 989, 991, 999, 1000].map { StateScreen.share($0, 1000) }
        #expect(shares == ["0 %", "< 1 %", "< 1 %", "1 %", "2 %", "50 %", "99 %", "> 99 %", "> 99 %", "100 %"])
        #expect(StateScreen.share(0, 0) == "–")
    }

    /// What answers at the address may be anything.
    @Test func noNumberOfAProgramEndsTop() throws {
        let most = "18446744073709551615"
        let pulls = [most, "0"].map {
            #"{"id":"1","prefix":"/p","repository":"a","digest":"","ndn_bytes":\#(most),"upstream_bytes":\#($0),"size":1,"seconds":-1e300}"#
        }.joined(separator: ",")
        func state(_ now: String, _ counter: Int) throws -> ProgramState {
            let health = #""health":{"state":"ready"}"#
            return try ProgramState(
                json: """
                    {"program":"client","version":"","commit":"","started":1e300,"now":\(now),\(health),
                    "process":{"memory_bytes":-9223372036854775808,"cpu_seconds":-1e300},"problems":[],"client":{"requests":\(counter),
                    "pull_count":-1,"pulls":[\(pulls)],"recent":[\(pulls)],"registries":[],
                    "routers":[{"uri":"","is_up":true,"is_used":true,"round_trip_seconds":-1e300}],
                    "hour":{"ndn_bytes":[\(most),\(most)],"upstream_bytes":[\(most)]}}}
                    """.utf8)
        }
        for now in ["1e300", "1", "1.0000000000000002", "-1e300"] {
            let screen = StateScreen(try state(now, .max), since: try state("1", 0), width: 200)
            #expect(screen.lines(hasColors: false).contains { $0.contains("100 %") })
        }
    }

    @Test(arguments: [20, 40, 80, 200])
    func noLineIsWiderThanTheTerminal(width: Int) throws {
        for line in try Self.screen(width: width).lines(hasColors: false) { #expect(line.count <= width) }
    }

    @Test func aPeersTextDoesNotCommandTheTerminal() throws {
        let screen = try Self.screen(width: 100)
        #expect(screen.lines(hasColors: false).allSatisfy { !$0.contains("\u{1B}") })
        let coloured = screen.lines(hasColors: true).joined()
        #expect(coloured.contains("\u{1B}[36mNDN\u{1B}[0m") && coloured.contains("odd  [31m"))
    }

    @Test func eventsAreReadInWhateverPiecesTheyCome() throws {
        let text = ": hello\n\ndata: one\n\nevent: x\ndata:two\n\ndata: thr"
        var whole = EventReader()
        #expect(try whole.append(text.utf8).map { String(decoding: $0, as: UTF8.self) } == ["one", "two"])
        var pieces = EventReader()
        let read = try text.utf8.flatMap { try pieces.append(CollectionOfOne($0)) }
        #expect(read == [Array("one".utf8), Array("two".utf8)])
        #expect(try pieces.append("ee\n\n".utf8) == [Array("three".utf8)])
    }

    @Test func aLineWithoutEndIsRefused() {
        var reader = EventReader()
        #expect(throws: EventReader.TooLong.self) {
            try reader.append(repeatElement(UInt8(ascii: "x"), count: EventReader.limit + 1))
        }
    }
}
