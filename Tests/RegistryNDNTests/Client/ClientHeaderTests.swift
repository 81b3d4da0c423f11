import NIOHTTP1
import Testing

@testable import RegistryNDN

@Suite("Client header fields")
struct ClientHeaderTests {
    private static let digest = "sha256:" + String(repeating: "ab", count: 32)

    @Test(
        arguments: [
            ("bytes=0-", .from(0)), ("bytes=5-9", .from(5, through: 9)), ("bytes=-7", .last(7)),
            ("bytes=18446744073709551615-", .from(.max)), ("bytes=18446744073709551616-", nil),
            ("bytes=9-5", nil), ("bytes=-0", nil), ("bytes=-", nil), ("bytes=", nil), ("bytes=0-1,3-4", nil),
            ("bytes=+1-", nil), ("bytes= 0-1", nil), ("Bytes=0-1", nil), ("chunks=0-1", nil), ("0-1", nil),
            ("bytes=1--2", nil), ("bytes=a-", nil), ("", nil),
        ] as [(String, BlobRange?)])
    func readsOneRange(field: String, range: BlobRange?) {
        #expect(RangeField.parse(field) == range)
    }

    private func plan(_ headers: HTTPHeaders, method: HTTPMethod = .GET, path: String? = nil) -> RequestPlan {
        let uri = path ?? "/v2/a/blobs/\(Self.digest)"
        return RequestPlan(
            HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers), isPoisoned: { _ in false })
    }

    @Test func plansWhatGoesOverNDN() throws {
        let repository = try #require(RepositoryName("a"))
        let digest = try #require(ContentDigest(Self.digest))
        let whole = RequestPlan.blob(repository, digest, .whole)
        func part(_ range: BlobRange) -> RequestPlan { .blob(repository, digest, .part(range)) }
        let tag = "\"\(Self.digest)\""
        #expect(plan([:]) == whole)
        // All of it, and yet a range: 206.
        #expect(plan(["Range": "bytes=0-"]) == part(.from(0)))
        #expect(plan(["Range": "bytes=5-"]) == part(.from(5)))
        #expect(plan(["Range": "bytes=5-", "If-Range": tag]) == part(.from(5)))
        // An If-Range that is not met asks for the whole: a weak tag never is, nor a date.
        for other in ["\"x\"", "W/\(tag)", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            #expect(plan(["Range": "bytes=5-", "If-Range": other]) == whole)
        }
        #expect(plan(["If-Range": tag]) == whole)
    }

    @Test func plansWhatGoesToTheUpstream() {
        let tag = "\"\(Self.digest)\""
        for headers in [
            ["Range": "bytes=0-1,4-5"], ["Range": "bytes=x"], ["If-None-Match": tag], ["If-Match": tag],
            ["If-Modified-Since": "x"], ["If-Unmodified-Since": "x"],
        ] as [HTTPHeaders] {
            #expect(plan(headers) == .relay)
        }
        #expect(plan(HTTPHeaders([("Range", "bytes=0-1"), ("Range", "bytes=2-3")])) == .relay)
        #expect(plan([:], method: .HEAD) == .relay)
        #expect(plan([:], method: .DELETE) == .relay)
        #expect(plan(["Content-Length": "1"]) == .relay)
        #expect(plan([:], path: "/v2/a/blobs/sha512:\(String(repeating: "ab", count: 64))") == .relay)
        #expect(plan([:], path: "/v2/a/blobs/\(Self.digest)?x=1") == .relay)
    }

    @Test func aPoisonedDigestIsReadInFull() throws {
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: "/v2/a/blobs/\(Self.digest)", headers: ["Range": "bytes=5-"])
        let repository = try #require(RepositoryName("a"))
        let digest = try #require(ContentDigest(Self.digest))
        #expect(RequestPlan(head, isPoisoned: { _ in true }) == .wholeBlob(repository, digest))
    }
}
