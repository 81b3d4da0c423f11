import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// What a client has counted of its requests, and how Prometheus gets it.
@Suite struct SiteMetricsTests {
    private static let begin = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// A request that is over after a second, of which the first octets went out after 20 ms.
    private static func add(
        to totals: RequestTotals, status: Int? = 200, _ change: (inout RequestRecord) -> Void = { _ in }
    ) {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/a/blobs/x")
        var record = RequestRecord(head: head, now: begin)
        change(&record)
        totals.add(
            record, status: status, begin: status.map { _ in begin + .milliseconds(20) }, now: begin + .seconds(1))
    }

    private static func text(_ totals: RequestTotals, _ path: PathSnapshot = PathSnapshot(isUp: true)) -> [String] {
        var text = MetricsText()
        SiteMetrics.write(
            [SiteMetrics(prefix: "/p", totals: totals.values, path: path)], hasRouter: true, now: 1000, to: &text)
        return text.text.split(separator: "\n").map(String.init)
    }

    @Test func requestsAreCountedByWhereTheyCameFromAndTheirStatus() {
        let totals = RequestTotals()
        for _ in 0..<2 {
            Self.add(to: totals) { record in
                record.isPull = true
                record.ndnBytes = 500
            }
        }
        Self.add(to: totals, status: 404) { $0.usedUpstream = true }
        Self.add(to: totals, status: 418) { $0.usedUpstream = true }
        Self.add(to: totals, status: nil) { $0.failure = "x" }
        // Whoever ends a pull has lost nothing.
        Self.add(to: totals, status: 206) { ($0.failure, $0.isAborted) = ("the connection was closed", true) }
        let text = Self.text(totals)
        for line in [
            #"registry_ndn_requests_total{prefix="/p",source="ndn",code="200"} 2"#,
            #"registry_ndn_requests_total{prefix="/p",source="upstream",code="404"} 1"#,
            #"registry_ndn_requests_total{prefix="/p",source="upstream",code="4xx"} 1"#,
            #"registry_ndn_requests_total{prefix="/p",source="none",code="none"} 1"#,
            #"registry_ndn_request_failures_total{prefix="/p"} 1"#,
            #"registry_ndn_received_bytes_total{prefix="/p",source="ndn"} 1000"#,
            #"registry_ndn_received_bytes_total{prefix="/p",source="upstream"} 0"#,
        ] { #expect(text.contains(line)) }
    }

    @Test func thePullsThatWereAnsweredAreMeasured() {
        let totals = RequestTotals()
        Self.add(to: totals) { record in
            record.isPull = true
            record.ndnBytes = 5
        }
        // No pull, a failed one, one without octets, and one whose client hung up.
        Self.add(to: totals) { $0.upstreamBytes = 7 }
        for change in [{ $0.failure = "x" }, { $0.ndnBytes = 0 }, { $0.hasHungUp = true }]
            as [(inout RequestRecord) -> Void]
        {
            Self.add(to: totals) { record in
                record.isPull = true
                record.ndnBytes = 5
                change(&record)
            }
        }
        let text = Self.text(totals)
        for line in [
            #"registry_ndn_blob_first_byte_seconds_bucket{prefix="/p",source="ndn",le="0.01"} 0"#,
            #"registry_ndn_blob_first_byte_seconds_bucket{prefix="/p",source="ndn",le="0.025"} 1"#,
            #"registry_ndn_blob_first_byte_seconds_sum{prefix="/p",source="ndn"} 0.02"#,
            #"registry_ndn_blob_duration_seconds_bucket{prefix="/p",source="ndn",le="0.5"} 0"#,
            #"registry_ndn_blob_duration_seconds_bucket{prefix="/p",source="ndn",le="1"} 1"#,
            #"registry_ndn_blob_duration_seconds_count{prefix="/p",source="ndn"} 1"#,
        ] { #expect(text.contains(line)) }
        #expect(!text.contains { $0.contains("_seconds_count") && $0.contains("upstream") })
    }

    @Test func fallbacksAreCountedByTheirReasonOfWhichEachIsThereFromTheBegin() {
        let totals = RequestTotals()
        #expect(
            Self.text(totals).filter { $0.hasPrefix("registry_ndn_fallbacks_total{") && $0.hasSuffix(" 0") }.count
                == Fallback.Reason.allCases.count)
        Self.add(to: totals) { $0.fallback = Fallback(FetchError.noSize) }
        Self.add(to: totals) { $0.fallback = Fallback(FetchError.malformed("a word that a peer chose")) }
        Self.add(to: totals) { $0.fallback = .pathDown }
        let text = Self.text(totals)
        for reason in ["no_answer", "malformed", "path_down"] {
            #expect(text.contains(#"registry_ndn_fallbacks_total{prefix="/p",reason="\#(reason)"} 1"#))
        }
        #expect(totals.values.fallbacks == 3)
    }

    /// Statuses are a peer's: thousands of them would be thousands of series.
    @Test func noPeerCanHaveManySeriesMade() {
        let totals = RequestTotals()
        for status in 100...999 { Self.add(to: totals, status: status) }
        #expect(totals.values.answers.count < 40)
        #expect(totals.values.answers.values.reduce(0, +) == 900)
    }

    @Test func thePathIsAsItIsAtTheMoment() {
        var path = PathSnapshot(isUp: false)
        var text = Self.text(RequestTotals(), path)
        #expect(text.contains(#"registry_ndn_path_up{prefix="/p"} 0"#))
        #expect(text.contains(#"registry_ndn_last_ndn_success_timestamp_seconds{prefix="/p"} 0"#))
        #expect(text.contains(#"registry_ndn_ndn_degraded{prefix="/p"} 0"#))
        #expect(!text.contains { $0.contains("rtt_seconds") })
        path.isUp = true
        path.sinceSuccess = .milliseconds(2500)
        path.roundTrip = .milliseconds(4)
        path.drought = .init(seconds: 61, reason: "x")
        text = Self.text(RequestTotals(), path)
        #expect(text.contains(#"registry_ndn_path_up{prefix="/p"} 1"#))
        #expect(text.contains(#"registry_ndn_last_ndn_success_timestamp_seconds{prefix="/p"} 997.5"#))
        #expect(text.contains(#"registry_ndn_router_rtt_seconds{prefix="/p"} 0.004"#))
        #expect(text.contains(#"registry_ndn_ndn_degraded{prefix="/p"} 1"#))
    }
}
