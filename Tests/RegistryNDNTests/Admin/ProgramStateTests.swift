import Testing

@testable import RegistryNDN

/// What the page and `top` are told.
@Suite struct ProgramStateTests {
    private static func client() -> ProgramState {
        var state = ProgramState()
        (state.program, state.version, state.now) = ("client", "1.2.3", 1000.5)
        state.health = .init(.degraded, reason: "because", remedy: "do")
        state.problems = [.init(time: 7, level: "warning", text: "a \"b\"\n\u{1B}[31m")]
        var client = ClientState()
        client.pulls = [
            .init(
                id: "1", prefix: "/p", repository: "</script><script>alert(1)</script>", digest: "sha256:0",
                ndnBytes: 5, size: 9, seconds: 0.5)
        ]
        client.routers = [.init(uri: "udp4://192.0.2.1:6363", isUsed: true, isUp: true, roundTripSeconds: 0.001)]
        client.hour.ndnBytes = [0, 1]
        state.client = client
        return state
    }

    @Test func itComesBackAsItWas() throws {
        let state = Self.client()
        #expect(try ProgramState(json: state.json()) == state)
        var server = ProgramState()
        server.program = "server"
        server.server = ServerState()
        server.server?.prefixes = [.init(name: "/p", isRegistered: false)]
        server.server?.uplink = .init(uri: "unix:///x", isUp: false, trouble: "gone")
        #expect(try ProgramState(json: server.json()) == server)
        var forwarder = ProgramState()
        forwarder.forwarder = ForwarderState()
        forwarder.forwarder?.csCapacityBytes = 7
        forwarder.forwarder?.routes = [.init(prefix: "/p", faces: [256])]
        #expect(try ProgramState(json: forwarder.json()) == forwarder)
    }

    /// An event ends with a line.
    @Test func itIsOneLineWhateverIsInIt() throws {
        let json = try Self.client().json()
        #expect(!json.contains(0x0A) && !json.contains(0x0D))
    }

    @Test func itsNamesAreThoseThatTheDocumentHas() throws {
        let text = String(decoding: try Self.client().json(), as: UTF8.self)
        for name in [
            "\"ndn_bytes\":5", "\"round_trip_seconds\":0.001", "\"is_used\":true", "\"pull_count\":0",
            "\"state\":\"degraded\"",
        ] { #expect(text.contains(name)) }
        // What is not known is not there.
        #expect(!text.contains("trouble") && !text.contains("memory_bytes") && !text.contains("server"))
    }

    @Test func theLastProblemsAreKeptAndLongOnesAreCut() {
        let problems = RecentProblems()
        for number in 0..<30 { problems.add(.init(time: Double(number), level: "error", text: "\(number)")) }
        #expect(problems.all.map(\.text) == (10..<30).map(String.init))
        problems.add(.init(time: 0, level: "error", text: String(repeating: "x", count: 10_000)))
        #expect(problems.all.count == 20)
        #expect(problems.all.last?.text == String(repeating: "x", count: 500) + "…")
    }
}
