import NIOCore
import NIOHTTP1
import Testing

@testable import RegistryNDN

/// A client whose registry answers nobody: it says that pulls fail.
@Suite struct PullTroubleTests {
    private static func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    /// A request that is over at a second.
    private static func request(
        _ method: HTTPMethod = .GET, at seconds: Int64, _ status: Int?, in trouble: inout PullTrouble,
        _ change: (inout RequestRecord) -> Void = { _ in }
    ) {
        var record = RequestRecord(
            head: HTTPRequestHead(version: .http1_1, method: method, uri: "/v2/a/blobs/x"), now: time(0))
        change(&record)
        trouble.note(record, status: status, now: time(seconds))
    }

    @Test func aFailureIsToldForAMinuteOrUntilTheRegistryAnswers() {
        var trouble = PullTrouble()
        #expect(trouble.reason(now: Self.time(0)) == nil)
        Self.request(at: 1, 502, in: &trouble) { $0.failure = "refused" }
        #expect(trouble.reason(now: Self.time(60)) == "refused")
        #expect(trouble.reason(now: Self.time(61)) == nil)
        Self.request(at: 62, 503, in: &trouble) { $0.usedUpstream = true }
        #expect(trouble.reason(now: Self.time(62)) == "it answers 503 Service Unavailable")
        // A blob that NDN brings is no answer of the registry; a 404 is one.
        Self.request(at: 63, 200, in: &trouble) { $0.ndnBytes = 5 }
        #expect(trouble.reason(now: Self.time(63)) != nil)
        Self.request(at: 64, 404, in: &trouble) { $0.usedUpstream = true }
        #expect(trouble.reason(now: Self.time(64)) == nil)
    }

    @Test func anAnswerThatIsCutIsAFailureUnlessTheClientCutIt() {
        var trouble = PullTrouble()
        Self.request(at: 1, 200, in: &trouble) { ($0.failure, $0.isAborted) = ("went", true) }
        Self.request(at: 1, nil, in: &trouble) { ($0.failure, $0.isAborted) = ("went", true) }
        // No pull, and a request that the client had better not made.
        Self.request(.PUT, at: 1, 502, in: &trouble) { $0.failure = "x" }
        Self.request(at: 1, 403, in: &trouble) { $0.failure = "refused" }
        #expect(trouble.reason(now: Self.time(1)) == nil)
        Self.request(at: 2, 200, in: &trouble) { $0.failure = "wrong digest" }
        #expect(trouble.reason(now: Self.time(2)) == "wrong digest")
    }
}
