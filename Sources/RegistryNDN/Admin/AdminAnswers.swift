internal import NDN
package import NIOHTTP1

/// What those who watch a program are answered: whether it lives, whether it serves, and what it has counted.
package struct AdminAnswers: Sendable {
    package struct Answer: Sendable {
        package let status: HTTPResponseStatus
        package let headers: HTTPHeaders
        package let body: String
    }

    private let program: any Monitored
    private let problems: RecentProblems
    private let version: String
    private let commit: String
    private let started = Double(WallClock.milliseconds()) / 1000

    /// - Parameters:
    ///   - problems: what the program's log said of late.
    ///   - version: of the program.
    ///   - commit: that it was built from.
    package init(_ program: any Monitored, problems: RecentProblems, version: String, commit: String) {
        self.program = program
        self.problems = problems
        self.version = version
        self.commit = commit
    }

    /// The answer to a request; nil where the target's path is none of these.
    package func answer(_ method: HTTPMethod, _ target: String) async -> Answer? {
        let path = target.prefix { $0 != "?" }
        guard ["/livez", "/readyz", "/metrics"].contains(path) else { return nil }
        guard method == .GET || method == .HEAD else {
            return Self.onlyReading
        }
        switch path {
        case "/livez":
            _ = await program.readiness()
            return Self.text(.ok, "ok\n")
        case "/readyz": return Self.answer(await program.readiness())
        default: return Self.text(.ok, await metrics(), ["Content-Type": MetricsText.contentType])
        }
    }

    /// How the program is at this moment.
    package func state() async -> ProgramState {
        var state = ProgramState()
        await program.write(to: &state)
        let figures = ProcessFigures.now(started: started)
        state.process.memoryBytes = figures.residentMemory
        state.process.cpuSeconds = figures.processorTime
        state.process.openFiles = figures.openFiles
        state.problems = problems.all
        (state.version, state.commit) = (version, commit)
        (state.started, state.now) = (started, Double(WallClock.milliseconds()) / 1000)
        return state
    }

    /// The answer where there is nothing at a path.
    package static let notFound = text(.notFound, "there are /, /events, /livez, /readyz and /metrics here\n")

    /// The answer to a method that is not for reading.
    static let onlyReading = text(.methodNotAllowed, "use GET or HEAD\n", ["Allow": "GET, HEAD"])

    private static func answer(_ readiness: Readiness) -> Answer {
        switch readiness {
        case .ready: text(.ok, "ok\n")
        case .degraded(let why): text(.ok, "degraded: \(why)\n")
        case .notReady(let why): text(.serviceUnavailable, "\(why)\n")
        }
    }

    private func metrics() async -> String {
        var text = MetricsText()
        await program.write(to: &text)
        text.gauge(
            "registry_ndn_build_info", "What the program is built from; always 1.",
            [.init(1, ("version", version), ("commit", commit))])
        ProcessFigures.now(started: started).write(to: &text)
        return text.text
    }

    /// Nothing here stays true: no cache may keep it.
    static func text(_ status: HTTPResponseStatus, _ body: String, _ headers: HTTPHeaders = [:]) -> Answer {
        var headers = headers
        headers.add(name: "Cache-Control", value: "no-store")
        if !headers.contains(name: "Content-Type") {
            headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        }
        return Answer(status: status, headers: headers, body: body)
    }
}
