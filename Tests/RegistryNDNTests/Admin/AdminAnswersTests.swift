import NIOHTTP1
import Testing

@testable import RegistryNDN

/// What those who watch a program are answered.
@Suite struct AdminAnswersTests {
    private struct Program: Monitored {
        var state = Readiness.ready

        func readiness() async -> Readiness { state }
        func write(to text: inout MetricsText) async { text.gauge("ours", "What is ours.", [.init(7)]) }
        func write(to state: inout ProgramState) async { state.program = "ours" }
    }

    private static func answer(
        _ target: String, method: HTTPMethod = .GET, state: Readiness = .ready
    ) async -> AdminAnswers.Answer? {
        await AdminAnswers(Program(state: state), problems: RecentProblems(), version: "1.2.3", commit: "abc").answer(
            method, target)
    }

    @Test(arguments: [
        (Readiness.ready, HTTPResponseStatus.ok, "ok\n"),
        (.degraded("no blob came"), .ok, "degraded: no blob came\n"),
        (.notReady("it does not listen yet"), .serviceUnavailable, "it does not listen yet\n"),
    ])
    func readinessIsTold(state: Readiness, status: HTTPResponseStatus, body: String) async throws {
        let answer = try #require(await Self.answer("/readyz", state: state))
        #expect(answer.status == status && answer.body == body)
        #expect(answer.headers["cache-control"] == ["no-store"])
        #expect(answer.headers["content-type"] == ["text/plain; charset=utf-8"])
    }

    @Test func aProgramThatDoesNotServeLivesAllTheSame() async throws {
        let answer = try #require(await Self.answer("/livez", state: .notReady("x")))
        #expect(answer.status == .ok && answer.body == "ok\n")
    }

    @Test func metricsAreThoseOfTheProgramOfItsBuildAndOfItsProcess() async throws {
        let answer = try #require(await Self.answer("/metrics?name[]=x"))
        #expect(answer.status == .ok)
        #expect(answer.headers["content-type"] == ["text/plain; version=0.0.4; charset=utf-8"])
        for line in [
            "ours 7", "registry_ndn_build_info{version=\"1.2.3\",commit=\"abc\"} 1",
            "# TYPE process_resident_memory_bytes gauge",
            "# TYPE process_cpu_seconds_total counter", "# TYPE process_open_fds gauge",
            "# TYPE process_start_time_seconds gauge",
        ] { #expect(answer.body.contains("\(line)\n")) }
    }

    @Test func otherPathsAreOthersAndOtherMethodsAreRefused() async throws {
        for path in ["/", "/livez/", "/metricsx", "/v2/", "", "*"] {
            let isOurs = await Self.answer(path) != nil
            #expect(!isOurs)
        }
        let head = try #require(await Self.answer("/readyz", method: .HEAD))
        #expect(head.status == .ok)
        for path in ["/livez", "/readyz", "/metrics"] {
            let answer = try #require(await Self.answer(path, method: .POST))
            #expect(answer.status == .methodNotAllowed && answer.headers["allow"] == ["GET, HEAD"])
        }
    }

    @Test func theStateIsThatOfTheProgramItsBuildItsProcessAndItsLog() async {
        let problems = RecentProblems()
        problems.add(.init(time: 1, level: "warning", text: "odd"))
        let state = await AdminAnswers(Program(), problems: problems, version: "1.2.3", commit: "abc").state()
        #expect(state.program == "ours" && state.version == "1.2.3" && state.commit == "abc")
        #expect(state.now >= state.started && state.started > 1e9)
        #expect((state.process.memoryBytes ?? 0) > 1 << 20 && (state.process.openFiles ?? 0) >= 3)
        #expect(state.problems.map(\.text) == ["odd"])
    }

    @Test func theFiguresOfThisProcessArePlausible() {
        let figures = ProcessFigures.now(started: 5)
        #expect((figures.residentMemory ?? 0) > 1 << 20)
        #expect(figures.processorTime > 0 && figures.started == 5)
        #expect((figures.openFiles ?? 0) >= 3 && figures.maximumFiles >= figures.openFiles ?? 0)
        #expect(ProcessFigures.residentPages(in: "900 123 7 1 0 3 0\n") == 123)
        #expect(ProcessFigures.residentPages(in: "") == nil && ProcessFigures.residentPages(in: "1 x") == nil)
    }
}
