import NIOCore
import Synchronization
import Testing

@testable import NDN
@testable import RegistryNDN

/// The endpoint of those who watch: who is shown the page, and what its viewers cost.
@Suite(.timeLimit(.minutes(1))) struct AdminResponderTests {
    private final class Program: Monitored {
        private let made = Atomic(0)
        private let reason: String?

        /// - Parameter size: of a state, at least.
        init(size: Int = 0) { reason = size == 0 ? nil : String(repeating: "x", count: size) }

        /// How often the state was made.
        var count: Int { made.load(ordering: .relaxed) }

        func readiness() async -> Readiness { .ready }
        func write(to text: inout MetricsText) async {}
        func write(to state: inout ProgramState) async {
            made.add(1, ordering: .relaxed)
            state.program = "client"
            state.health.reason = reason
        }
    }

    private let program = Program()

    private func withPage<Result: Sendable>(
        of program: Program? = nil, interval: Duration = .milliseconds(5), limits: HTTPLimits = AdminResponder.limits,
        _ body: (SocketAddress) async throws -> Result
    ) async throws -> Result {
        let answers = AdminAnswers(program ?? self.program, problems: RecentProblems(), version: "1", commit: "c")
        let responder = AdminResponder(answers, hosts: OwnHosts(["pulls.example"]), interval: interval)
        return try await withEndpoint(responder, limits: limits, body)
    }

    private func ask(
        _ address: SocketAddress, _ target: String, host: String = "127.0.0.1:9100", method: String = "GET",
        fields: String = ""
    ) async throws -> RawResponse {
        try await RawConnection.with(address) { connection in
            try await connection.send("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
            return try await connection.response(toHead: method == "HEAD")
        }
    }

    @Test(arguments: ["127.0.0.1:9100", "[::1]:9100", "localhost", "192.0.2.7", "pulls.example:9100", "PULLS.example."])
    func thePageIsShownForOurHosts(host: String) async throws {
        try await withPage { address in
            let page = try await ask(address, "/?x=1", host: host)
            #expect(page.status == 200 && page.text == AdminPage.html)
            #expect(page["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
        }
    }

    @Test(arguments: ["evil.example", "127.0.0.1.evil.example", "pulls.example.evil", "localhost.evil.example:9100"])
    func anotherHostMayBeAPagesAndIsShownNothing(host: String) async throws {
        try await withPage { address in
            for target in ["/", "/events"] {
                let refused = try await ask(address, target, host: host)
                #expect(refused.status == 403)
                #expect(refused.text.contains(host) && refused.text.contains("the list of host names of the page"))
            }
            // Prometheus and the probes of Kubernetes name whatever they know it by.
            for target in ["/livez", "/readyz", "/metrics"] {
                #expect(try await ask(address, target, host: host).status == 200)
            }
            #expect(program.count == 0)
        }
    }

    @Test func onlyReadingIsAnswered() async throws {
        try await withPage { address in
            for target in ["/", "/events"] {
                let refused = try await ask(address, target, method: "DELETE")
                #expect(refused.status == 405 && refused["allow"] == "GET, HEAD")
                let head = try await ask(address, target, method: "HEAD")
                #expect(head.status == 200 && head["cache-control"] == "no-store")
            }
            #expect(try await ask(address, "/favicon.ico").status == 404)
            #expect(program.count == 0)
        }
    }

    @Test func aViewerGetsTheStateAgainAndAgainAndNobodyMakesItAfterwards() async throws {
        try await withPage { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let head = try await connection.head()
                #expect(head.status == 200 && head["content-type"] == "text/event-stream")
                // Whenever it is cut, it has ended.
                #expect(head["transfer-encoding"] == nil && head["connection"] == "close")
                while program.count < 5 {
                    let hasMore = await connection.more()
                    #expect(hasMore)
                }
            }
            // The connection is gone; once the endpoint knows, nothing is made any more.
            var count = -1
            while count != program.count {
                count = program.count
                for _ in 0..<20 { _ = try await ask(address, "/livez") }
            }
        }
    }

    @Test func thereIsRoomForSoManyViewersAndForTheNextWhenOneGoes() async throws {
        try await withPage { address in
            try await watch(address, AdminResponder.viewers) {
                let refused = try await ask(address, "/events")
                #expect(refused.status == 503 && refused["retry-after"] == "5")
                // They take nothing from others.
                #expect(try await ask(address, "/").status == 200)
                #expect(try await ask(address, "/metrics").status == 200)
            }
            while try await isFull(address) {}
        }
    }

    /// A viewer that reads nothing: what it has not taken is what the sockets and one write hold, however long it lasts.
    @Test func aViewerThatDoesNotReadHasNothingMade() async throws {
        let program = Program(size: 1 << 20)
        try await withPage(of: program, interval: .zero) { address in
            try await RawConnection.with(address) { connection in
                try await connection.channel.setOption(.autoRead, value: false).get()
                try await connection.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                var count = -1
                while count != program.count || count == 0 {
                    count = program.count
                    for _ in 0..<50 { _ = try await ask(address, "/livez") }
                }
                // The kernel holds some megabytes.
                #expect(count < 40)
            }
        }
    }

    /// Eight that take nothing must not keep everybody else out.
    @Test func viewersThatDoNotReadGiveTheirPlacesAway() async throws {
        var limits = AdminResponder.limits
        #expect(limits.responseTimeout * 2 == .seconds(10))
        limits.responseTimeout = .milliseconds(200)
        try await withPage(of: Program(size: 1 << 20), interval: .zero, limits: limits) { address in
            try await ignore(address, AdminResponder.viewers) {
                while try await isFull(address) {}
            }
        }
    }

    @Test(arguments: [
        ("Sec-Fetch-Site: cross-site\r\n", 403, 403),
        ("Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n", 403, 403),
        ("Origin: https://evil.example\r\n", 403, 403), ("Origin: null\r\n", 403, 403),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: http://127.0.0.1:9100\r\n", 200, 200),
        ("Sec-Fetch-Site: none\r\n", 200, 200),
        // Somebody follows a link.
        ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", 200, 403),
        ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 403, 403),
    ])
    func pagesOfOtherSitesAreShownNothing(fields: String, page: Int, events: Int) async throws {
        try await withPage { address in
            let statuses = (
                try await ask(address, "/", method: "HEAD", fields: fields).status,
                try await ask(address, "/events", method: "HEAD", fields: fields).status,
                try await ask(address, "/metrics", method: "HEAD", fields: fields).status
            )
            #expect(statuses == (page, events, 200))
        }
    }

    /// Has so many viewers that take nothing while `body` runs.
    private func ignore(_ address: SocketAddress, _ count: Int, _ body: () async throws -> Void) async throws {
        guard count > 0 else { return try await body() }
        try await RawConnection.with(address) { connection in
            try await connection.channel.setOption(.autoRead, value: false).get()
            try await connection.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try await ignore(address, count - 1, body)
        }
    }

    /// Has so many viewers while `body` runs.
    private func watch(_ address: SocketAddress, _ count: Int, _ body: () async throws -> Void) async throws {
        guard count > 0 else { return try await body() }
        try await RawConnection.with(address) { connection in
            try await connection.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let head = try await connection.head()
            #expect(head.status == 200)
            try await watch(address, count - 1, body)
        }
    }

    private func isFull(_ address: SocketAddress) async throws -> Bool {
        try await RawConnection.with(address) { connection in
            try await connection.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return try await connection.head().status == 503
        }
    }
}
