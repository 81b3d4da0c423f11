import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Client header fields")
struct ClientHeaderTests {
    private static let digest = "sha256:" + String(repeating: "ab", count: 32)

    @Test(
        arguments: [
            ("bytes=0-", .from(0)), ("bytes=5-9", .from(5, through: 9)), ("bytes=-7", .last(7)),
            ("bytes=18446744073709551615-", .from(.max)), ("bytes=18446744073709551616-", .from(.max)),
            ("bytes=0-99999999999999999999999", .from(0, through: .max)), ("bytes=-18446744073709551616", .last(.max)),
            ("bytes=18446744073709551616-99999999999999999999", .from(.max, through: .max)),
            ("BYTES=5-9", .from(5, through: 9)), ("Bytes=-7", .last(7)), ("bytes=99999999999999999999-5", nil),
            ("bytes=9-5", nil), ("bytes=-0", nil), ("bytes=-", nil), ("bytes=", nil), ("bytes=,", nil),
            ("bytes=+1-", nil), ("bytes= 0-1", .from(0, through: 1)), ("bytes=,0-1 ,", .from(0, through: 1)),
            ("bytes=0 -1", nil), ("bytes=0-1 2-3", nil), ("chunks=0-1", nil), ("0-1", nil),
            ("bytes=1--2", nil), ("bytes=a-", nil), ("", nil),
        ] as [(String, BlobRange?)])
    func readsOneRange(field: String, range: BlobRange?) {
        #expect(RangeField.parse(field) == range.map { .range($0) })
    }

    @Test(
        arguments: [
            ("bytes=0-1,3-4", [.from(0, through: 1), .from(3, through: 4)]),
            ("bytes=0-1, 2-3,\t9-", [.from(0, through: 1), .from(2, through: 3), .from(9)]),
            ("bytes=0-1,,3-4,", [.from(0, through: 1), .from(3, through: 4)]),
            (
                "bytes=0-0,18446744073709551615-18446744073709551615",
                [.from(0, through: 0), .from(.max, through: .max)]
            ),
            ("bYtEs=0-0,18446744073709551616-", [.from(0, through: 0), .from(.max)]),
            // Where a suffix begins the blob's size tells.
            ("bytes=0-1,-4", nil), ("bytes=-4,0-1", nil), ("bytes=0-1,x", nil), ("bytes=0-1,5-4", nil),
            ("bytes=0-1,2", nil),
        ] as [(String, [BlobRange]?)])
    func readsSeveralRanges(field: String, ranges: [BlobRange]?) {
        #expect(RangeField.parse(field) == ranges.map { .range(.several($0)) })
    }

    @Test(
        arguments: [
            ("bytes=5-6,3-4", "3-4"), ("bytes=0-1,1-2", "1-2"), ("bytes=0-1,0-1", "0-1"), ("bytes=0-,5-6", "5-6"),
            ("bytes=9-,0-1,2-3", "0-1"), ("bytes=0-18446744073709551615,9-", "9-"),
        ])
    func refusesRangesOutOfOrder(field: String, range: String) {
        #expect(RangeField.parse(field) == .refused(.unordered(range)))
    }

    /// The range stands in the answer and in the log.
    @Test func aLongRangeThatIsRefusedIsAbridged() {
        let zeros = String(repeating: "0", count: 1000)
        let words = "\(String(repeating: "0", count: 100))… (902 bytes more)"
        #expect(RangeField.parse("bytes=5-6,\(zeros)-0") == .refused(.unordered(words)))
    }

    @Test func refusesMoreRangesThanPodmanAsksFor() throws {
        func field(_ count: Int) -> String {
            "bytes=" + (0..<count).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ",")
        }
        guard case .range(.several(let ranges)) = RangeField.parse(field(1024)) else {
            Issue.record("1024 ranges are refused")
            return
        }
        #expect(ranges.count == 1024)
        #expect(RangeField.parse(field(1025)) == .refused(.tooMany(1025)))
        let repository = try #require(RepositoryName("a"))
        let digest = try #require(ContentDigest(Self.digest))
        #expect(plan(["Range": field(1025)]) == .refused(repository, digest, .tooMany(1025)))
        // A condition that is not met asks for the whole, whatever the ranges are.
        #expect(plan(["Range": field(1025), "If-Range": "\"x\""]) == .blob(repository, digest, .whole))
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
            ["Range": "bytes=0-1,-5"], ["Range": "bytes=x"], ["If-None-Match": tag], ["If-Match": tag],
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

    @Test(arguments: [(100, nil), (8000, "… (7746 bytes more)")] as [(Int, String?)])
    func theLogHasTheBeginOfALongPath(length: Int, end: String?) {
        let uri = "/v2" + String(repeating: "x", count: length - 1) + "?secret"
        let record = RequestRecord(head: HTTPRequestHead(version: .http1_1, method: .GET, uri: uri), now: .now())
        #expect(record.path.hasPrefix("/v2xx") && !record.path.contains("secret") && record.path.utf8.count < 300)
        #expect(end.map { record.path.hasSuffix($0) } ?? (record.path.utf8.count == length + 2))
    }

    @Test func aPoisonedDigestIsReadInFull() throws {
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: "/v2/a/blobs/\(Self.digest)", headers: ["Range": "bytes=5-"])
        let repository = try #require(RepositoryName("a"))
        let digest = try #require(ContentDigest(Self.digest))
        #expect(RequestPlan(head, isPoisoned: { _ in true }) == .wholeBlob(repository, digest))
    }
}
