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

    private func references(
        _ base: String = "http://registry.example:5000", prefix: String? = nil, namespace: String? = nil
    ) throws -> UpstreamReferences {
        UpstreamReferences(base: try UpstreamURL(base), repositoryPrefix: prefix, namespace: namespace)
    }

    @Test(arguments: [
        ("http://registry.example:5000/v2/a/blobs/uploads/1?_state=x%3D", "/v2/a/blobs/uploads/1?_state=x%3D"),
        ("HTTP://Registry.Example:5000/v2/a", "/v2/a"), ("https://registry.example:5000/v2/a", "/v2/a"),
        ("//registry.example:5000/v2/a", "/v2/a"), ("http://registry.example:5000", "/"),
        // Not the upstream, or nothing to change.
        ("http://registry.example/v2/a", "http://registry.example/v2/a"),
        ("http://registry.example:5001/v2/a", "http://registry.example:5001/v2/a"),
        ("http://registry.example:50000/v2/a", "http://registry.example:50000/v2/a"),
        ("http://user@registry.example:5000/v2/a", "http://user@registry.example:5000/v2/a"),
        (
            "https://storage.example/x?y=http://registry.example:5000/v2/",
            "https://storage.example/x?y=http://registry.example:5000/v2/"
        ),
        ("/v2/a/blobs/uploads/1", "/v2/a/blobs/uploads/1"), ("uploads/1", "uploads/1"), ("", ""),
        ("ftp://registry.example:5000/v2/a", "ftp://registry.example:5000/v2/a"),
    ])
    func rewritesWhatPointsAtTheUpstream(reference: String, result: String) throws {
        #expect(try references().rewrite(reference: reference) == result)
    }

    @Test func takesTheUpstreamsPathOff() throws {
        let references = try references("http://registry.example/registry")
        #expect(references.rewrite(reference: "http://registry.example/registry/v2/a") == "/v2/a")
        #expect(references.rewrite(reference: "http://registry.example:80/registry/v2/a") == "/v2/a")
        #expect(references.rewrite(reference: "/registry/v2/a") == "/v2/a")
        #expect(references.rewrite(reference: "/registryv2/a") == "/registryv2/a")
        #expect(references.rewrite(reference: "http://registry.example/v2/a") == "http://registry.example/v2/a")
    }

    @Test func putsBackWhatSelectedTheUpstream() throws {
        let prefixed = try references(prefix: "quay.io")
        #expect(prefixed.rewrite(reference: "/v2/org/app/blobs/uploads/1?x") == "/v2/quay.io/org/app/blobs/uploads/1?x")
        #expect(prefixed.rewrite(reference: "/v2/_catalog?last=a") == "/v2/_catalog?last=a")
        #expect(prefixed.rewrite(reference: "/v2/") == "/v2/")
        let named = try references(namespace: "quay.io")
        #expect(named.rewrite(reference: "/v2/a?x=1#f") == "/v2/a?x=1&ns=quay.io#f")
        #expect(named.rewrite(reference: "http://registry.example:5000/v2/a") == "/v2/a?ns=quay.io")
        #expect(named.rewrite(reference: "http://elsewhere.example/v2/a") == "http://elsewhere.example/v2/a")
    }

    @Test func rewritesLinksAndNothingElse() throws {
        let headers: HTTPHeaders = [
            "Link":
                "<http://registry.example:5000/v2/_catalog?n=1>; rel=\"next\", <http://other.example/>; title=\"a<b\"",
            "Location": "http://registry.example:5000/v2/a", "X-Location": "http://registry.example:5000/v2/a",
            "WWW-Authenticate": "Bearer realm=\"http://registry.example:5000/token\"",
        ]
        let rewritten = try references().rewrite(headers)
        #expect(
            rewritten["link"] == ["</v2/_catalog?n=1>; rel=\"next\", <http://other.example/>; title=\"a<b\""])
        #expect(rewritten["location"] == ["/v2/a"])
        #expect(rewritten["x-location"] == ["http://registry.example:5000/v2/a"])
        #expect(rewritten["www-authenticate"] == headers["www-authenticate"])
        for broken in ["<", ">", "<http://registry.example:5000", "", "no link"] {
            #expect(try references().rewrite(link: broken) == broken)
        }
    }
}
