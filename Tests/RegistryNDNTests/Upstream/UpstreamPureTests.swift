import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct UpstreamURLTests {
    @Test func parts() throws {
        let url = try UpstreamURL("http://registry.example:5000/base/")
        #expect(url.host == "registry.example")
        #expect(url.port == 5000)
        #expect(url.path == "/base")
        #expect(url.authority == "registry.example:5000")
        #expect(url.description == "http://registry.example:5000/base")
    }

    @Test func defaults() throws {
        #expect(try UpstreamURL("HTTP://a").authority == "a")
        #expect(try UpstreamURL("http://a/").path == "")
        #expect(try UpstreamURL("http://[::1]:81").host == "::1")
        #expect(try UpstreamURL("http://[::1]:81").authority == "[::1]:81")
    }

    @Test(arguments: [
        "", "a:5000", "ftp://a", "http://", "http://a:0", "http://a:65536", "http://a:x", "http://u@a", "http://u:p@a",
        "http://a?x", "http://a/#x", "http://a b", "http://[::1", "http://[a]", "http://a:+1", "http://a:٣", "http:a",
    ])
    func rejects(_ text: String) {
        #expect(throws: UpstreamError.self) { try UpstreamURL(text) }
    }

    @Test func https() throws {
        let url = try UpstreamURL("HTTPS://registry.example/v")
        #expect(url.isSecure && url.port == 443 && url.authority == "registry.example")
        #expect(url.description == "https://registry.example/v")
        #expect(try UpstreamURL("https://a:80").authority == "a:80")
        #expect(try UpstreamURL("http://a:443").authority == "a:443")
    }
}

@Suite struct UpstreamHopByHopTests {
    @Test func dropsWhatConnectionNames() {
        let headers: HTTPHeaders = [
            "Connection": "close, X-Mine", "x-mine": "1", "Keep-Alive": "5", "TE": "trailers", "Upgrade": "h2c",
            "Transfer-Encoding": "chunked", "Proxy-Connection": "x", "Trailer": "a", "Authorization": "kept",
            "Content-Length": "3",
        ]
        #expect(headers.removingHopByHop() == ["Authorization": "kept", "Content-Length": "3"])
    }
}

@Suite struct UpstreamContentRangeTests {
    @Test func reads() {
        #expect(ContentRange("bytes 0-9/10") == .octets(first: 0, last: 9, total: 10))
        #expect(ContentRange("bytes 5-6/*") == .octets(first: 5, last: 6, total: nil))
        #expect(ContentRange("bytes */0") == .unsatisfied(total: 0))
    }

    @Test(arguments: [
        "", "bytes", "bytes 0-9", "bytes 9-0/10", "bytes 0-10/10", "bytes */*", "items 0-9/10", "bytes 0-9/+10",
        "bytes -9/10", "bytes 0-/10", "bytes 0-99999999999999999999/*", "bytes 0-9/", "bytes a-b/c", "bytes /1",
    ])
    func rejects(_ text: String) {
        #expect(ContentRange(text) == nil)
    }
}

@Suite struct UpstreamByteRangeTests {
    private func check(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, offset: UInt64 = 10, length: UInt64? = 5
    ) -> ByteRange.Verdict {
        ByteRange(offset: offset, length: length)
            .check(HTTPResponseHead(version: .http1_1, status: status, headers: headers))
    }

    private func isInvalid(_ verdict: ByteRange.Verdict) -> Bool {
        if case .invalid = verdict { return true }
        return false
    }

    @Test func fields() {
        #expect(ByteRange(offset: 10, length: 5).field == "bytes=10-14")
        #expect(ByteRange(offset: 10).field == "bytes=10-")
        #expect(ByteRange(offset: 10, length: 0).field == nil)
        #expect(ByteRange(offset: .max, length: 1).field == nil)
    }

    @Test func accepts() {
        #expect(check(.partialContent, ["Content-Range": "bytes 10-14/20"]) == .partial(length: 5, total: 20))
        #expect(check(.partialContent, ["Content-Range": "bytes 10-11/12"]) == .partial(length: 2, total: 12))
        #expect(
            check(.partialContent, ["Content-Range": "bytes 10-11/12"], length: nil) == .partial(length: 2, total: 12))
        #expect(
            check(.partialContent, ["Content-Range": "bytes 10-14/20", "Content-Length": "5"])
                == .partial(length: 5, total: 20))
    }

    /// The rest is asked for; slice by slice of a few octets it never would end.
    @Test func acceptsLessThanWasAskedForButNotLittle() {
        let range = ByteRange(offset: 10, length: 100_000)
        func check(_ last: UInt64, _ range: ByteRange) -> ByteRange.Verdict {
            let field = "bytes 10-\(last)/200000"
            return range.check(
                HTTPResponseHead(version: .http1_1, status: .partialContent, headers: ["Content-Range": field]))
        }
        #expect(check(65_545, range) == .partial(length: 65_536, total: 200_000))
        #expect(check(65_545, ByteRange(offset: 10)) == .partial(length: 65_536, total: 200_000))
        #expect(isInvalid(check(65_544, range)))
        #expect(isInvalid(check(100_010, range)))
    }

    @Test(
        arguments: [
            (.partial(length: 5, total: 20), nil), (.whole(length: 15), .ignored), (.whole(length: nil), .ignored),
            (.beyondEnd(total: 10), nil), (.beyondEnd(total: 11), .refused(416)),
            (.beyondEnd(total: nil), .refused(416)),
            (.refused(.badRequest), .refused(400)), (.refused(.forbidden), .refused(403)),
            (.refused(.methodNotAllowed), .refused(405)), (.refused(.notImplemented), .refused(501)),
            (.refused(.unauthorized), nil), (.refused(.notFound), nil), (.refused(.badGateway), nil),
            (.invalid("x"), .contradiction("x")),
        ] as [(ByteRange.Verdict, ByteRange.Fault?)])
    func tellsAnUpstreamWithoutRangesFromABlobThatIsNotThere(verdict: ByteRange.Verdict, fault: ByteRange.Fault?) {
        #expect(ByteRange(offset: 10, length: 5).fault(verdict) == fault)
    }

    /// Any registry may answer so for what is all of the blob.
    @Test func theWholeIsNoFaultWhereItWasAskedFor() {
        #expect(ByteRange(offset: 0, length: 5).fault(.whole(length: 5)) == nil)
        #expect(ByteRange(offset: 0, length: 5).fault(.whole(length: 6)) == .ignored)
        #expect(ByteRange(offset: 0).fault(.whole(length: 6)) == nil)
    }

    @Test func reports() {
        #expect(check(.ok, ["Content-Length": "7"]) == .whole(length: 7))
        #expect(check(.ok, [:]) == .whole(length: nil))
        #expect(check(.rangeNotSatisfiable, ["Content-Range": "bytes */3"]) == .beyondEnd(total: 3))
        #expect(check(.rangeNotSatisfiable, [:]) == .beyondEnd(total: nil))
        #expect(check(.notFound, [:]) == .refused(.notFound))
        #expect(check(.ok, ["Content-Encoding": "identity"]) == .whole(length: nil))
    }

    @Test(
        arguments: [
            [:], ["Content-Range": "bytes 9-14/20"], ["Content-Range": "bytes 10-13/20"],
            ["Content-Range": "bytes 10-15/20"], ["Content-Range": "bytes 10-14/*"], ["Content-Range": "bytes */20"],
            ["Content-Range": "bytes 10-14/20", "Content-Length": "4"],
            ["Content-Range": "bytes 10-14/20", "Content-Encoding": "gzip"],
        ] as [HTTPHeaders])
    func refuses(_ headers: HTTPHeaders) {
        #expect(isInvalid(check(.partialContent, headers)))
    }

    @Test func twoContentRangesAreRefused() {
        var headers: HTTPHeaders = ["Content-Range": "bytes 10-14/20"]
        headers.add(name: "Content-Range", value: "bytes 10-14/20")
        #expect(isInvalid(check(.partialContent, headers)))
        #expect(isInvalid(check(.ok, ["Content-Encoding": "gzip"])))
    }

    @Test func lengthsThatOverflow() {
        #expect(isInvalid(check(.partialContent, ["Content-Range": "bytes 1-2/3"], offset: .max, length: .max)))
        #expect(isInvalid(check(.partialContent, ["Content-Range": "bytes 0-0/1"], offset: 0, length: 0)))
    }
}

@Suite struct UpstreamConnectionPoolTests {
    private final class Fake: Sendable {}
    private typealias State = ConnectionPoolState<Fake, String>

    @Test func opensUpToTheLimitThenWaits() {
        var state = State(maximumConnections: 1, maximumWaiting: 1)
        guard case .open(nil) = state.lease(id: 1, waiter: "a", fresh: false) else {
            Issue.record()
            return
        }
        guard case .wait = state.lease(id: 2, waiter: "b", fresh: false) else {
            Issue.record()
            return
        }
        guard case .refuse = state.lease(id: 3, waiter: "c", fresh: false) else {
            Issue.record()
            return
        }
        let connection = Fake()
        guard case .give("b") = state.release(connection) else {
            Issue.record()
            return
        }
        guard case .keep = state.release(connection) else {
            Issue.record()
            return
        }
        guard case .use(let again) = state.lease(id: 4, waiter: "d", fresh: false) else {
            Issue.record()
            return
        }
        #expect(again === connection)
    }

    @Test func closedMakesRoom() {
        var state = State(maximumConnections: 1, maximumWaiting: 9)
        _ = state.lease(id: 1, waiter: "a", fresh: false)
        _ = state.lease(id: 2, waiter: "b", fresh: false)
        #expect(state.closed(nil) == "b")
        #expect(state.total == 1)
        #expect(state.closed(Fake()) == nil)
        #expect(state.total == 0)
    }

    @Test(arguments: [1, 9]) func freshEvictsAnIdleOne(maximumConnections: Int) {
        var state = State(maximumConnections: maximumConnections, maximumWaiting: 9)
        _ = state.lease(id: 1, waiter: "a", fresh: false)
        let old = Fake()
        _ = state.release(old)
        guard case .open(let evicted?) = state.lease(id: 2, waiter: "b", fresh: true) else {
            Issue.record()
            return
        }
        #expect(evicted === old)
        #expect(state.closed(old) == nil)
        #expect(state.total == 1)
    }

    /// Where one kept connection was dead the others may be.
    @Test func whatIsDistrustedIsNotUsedAgain() {
        var state = State(maximumConnections: 2, maximumWaiting: 9)
        _ = state.lease(id: 1, waiter: "a", fresh: false)
        _ = state.lease(id: 2, waiter: "b", fresh: false)
        let (old, older) = (Fake(), Fake())
        _ = state.release(older)
        _ = state.release(old)
        let closing = state.distrust()
        #expect(closing.count == 2)
        _ = state.closed(old)
        _ = state.closed(older)
        guard case .open(nil) = state.lease(id: 3, waiter: "c", fresh: false) else {
            Issue.record()
            return
        }
        #expect(state.total == 1)
    }

    @Test func cancelledAndShutDown() {
        var state = State(maximumConnections: 1, maximumWaiting: 9)
        _ = state.lease(id: 1, waiter: "a", fresh: false)
        _ = state.lease(id: 2, waiter: "b", fresh: false)
        _ = state.lease(id: 3, waiter: "c", fresh: false)
        #expect(state.cancel(id: 2) == "b")
        #expect(state.cancel(id: 2) == nil)
        #expect(state.shutdown().waiting == ["c"])
        guard case .close = state.release(Fake()) else {
            Issue.record()
            return
        }
        guard case .refuse = state.lease(id: 4, waiter: "d", fresh: false) else {
            Issue.record()
            return
        }
    }
}
