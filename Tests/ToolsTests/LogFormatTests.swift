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

    private func text(_ message: String, _ metadata: Logger.Metadata) -> String {
        let line = LogFormat.text.line(.info, message, metadata, at: Self.time)
        return String(line.drop { $0 != "o" }.dropFirst(6).dropLast())
    }

    private static let digest = "sha256:0123456789ab" + String(repeating: "c", count: 52)

    private func request(_ more: Logger.Metadata) -> Logger.Metadata {
        let usual: Logger.Metadata = [
            "request": "9f3a", "method": "GET", "path": "/v2/library/alpine/blobs/\(Self.digest)", "source": "ndn",
            "ndn_bytes": .stringConvertible(UInt64(168_000_000)), "upstream_bytes": .stringConvertible(UInt64(0)),
            "segments": .stringConvertible(UInt64(21_602)), "retries": .stringConvertible(UInt64(0)),
            "duration_ms": .stringConvertible(Int64(1234)), "status": .stringConvertible(200),
            "name": "library/alpine", "digest": "\(Self.digest)",
        ]
        return usual.merging(more) { $1 }
    }

    @Test("tells people of a request in one sentence")
    func requests() {
        let path = "GET /v2/library/alpine/blobs/sha256:0123456789ab"
        #expect(text("request", request([:])) == "\(path): 200, 168.0 MB from ndn in 1.2 s")
        let both = request([
            "source": "both", "upstream_bytes": .stringConvertible(UInt64(2000)), "fallback": "NDN path down",
            "retries": .stringConvertible(UInt64(3)),
        ])
        #expect(
            text("request", both)
                == "\(path): 200, 168.0 MB from ndn and 2.0 kB from upstream in 1.2 s  fallback=\"NDN path down\"  retries=3"
        )
        let none = request([
            "source": "none", "ndn_bytes": .stringConvertible(UInt64(0)), "status": .stringConvertible(0),
            "duration_ms": .stringConvertible(Int64(7)),
        ])
        #expect(text("request", none) == "\(path): no answer, nothing in 7.0 ms")
        // Neither NDN nor the registry: the body, which says why, is the client's own.
        let refused = none.merging(["status": .stringConvertible(400)]) { $1 }
        #expect(text("request", refused) == "\(path): 400, answered here in 7.0 ms")
    }

    @Test("tells people sizes, durations and digests briefly")
    func units() {
        let line = text(
            "no such blob as \(Self.digest)",
            [
                "cache_bytes": .stringConvertible(67_100_000), "rtt_us": "420", "after_ms": .stringConvertible(61_000),
                "ndn_bytes_per_second": "1500", "blobs": [.string(Self.digest), "sha256:0"], "wait_us": "-1",
            ])
        let expected =
            #"no such blob as sha256:0123456789ab  after="61.0 s"  blobs="[\"sha256:0123456789ab\", \"sha256:0\"]"  "#
            + #"cache_bytes="67.1 MB"  ndn="1.5 kB/s"  rtt="0.4 ms"  wait_us=-1"#
        #expect(line == expected)
    }

    @Test("tells programs everything")
    func whole() {
        let line = LogFormat.json.line(.info, "request", request([:]), at: Self.time)
        #expect(
            line.contains(Self.digest) && line.contains(#""ndn_bytes":168000000"#)
                && line.contains(#""request":"9f3a""#))
    }
}
