import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("References in an upstream's answers")
struct ReferenceRewriterTests {
    private func references(
        _ base: String = "http://registry.example:5000", to target: String = "/v2/a/blobs/uploads/",
        _ selector: RegistrySelector = RegistrySelector()
    ) throws -> ReferenceRewriter {
        ReferenceRewriter(base: try UpstreamURL(base), target: target, selector: selector)
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
            "https://storage.example/x/../y?y=http://registry.example:5000/v2/",
            "https://storage.example/x/../y?y=http://registry.example:5000/v2/"
        ),
        ("/v2/a/blobs/uploads/1", "/v2/a/blobs/uploads/1"), ("/artifacts-uploads/1", "/artifacts-uploads/1"),
        ("ftp://registry.example:5000/v2/a", "ftp://registry.example:5000/v2/a"),
        // Relative to the request.
        ("1?_state=x", "/v2/a/blobs/uploads/1?_state=x"), ("?_state=x", "/v2/a/blobs/uploads/?_state=x"),
        ("../sha256:0", "/v2/a/blobs/sha256:0"), ("./../../../../../x", "/x"),
        ("//elsewhere.example/x", "http://elsewhere.example/x"),
        // Never the begin of an authority.
        ("http://registry.example:5000//evil.example/x", "/.//evil.example/x"),
    ])
    func whatPointsAtTheUpstreamPointsHere(reference: String, result: String) throws {
        #expect(try references().rewrite(reference: reference) == result)
    }

    @Test func thePathThatTheUpstreamLivesBelowIsTakenOff() throws {
        let references = try references("http://registry.example/registry")
        #expect(references.rewrite(reference: "http://registry.example/registry/v2/a") == "/v2/a")
        #expect(references.rewrite(reference: "http://registry.example:80/registry/v2/a") == "/v2/a")
        #expect(references.rewrite(reference: "/registry/v2/a") == "/v2/a")
        #expect(references.rewrite(reference: "../1") == "/v2/a/blobs/1")
        // What lies beside it cannot be reached through here.
        for path in ["/registryv2/a", "/v2/a", "/"] {
            #expect(references.rewrite(reference: path) == "http://registry.example\(path)")
        }
        #expect(references.rewrite(reference: "http://registry.example/v2/a") == "http://registry.example/v2/a")
    }

    @Test(arguments: [
        (RegistrySelector(host: "quay.io"), "/v2/org/app/blobs/uploads/1?x", "/v2/quay.io/org/app/blobs/uploads/1?x"),
        (RegistrySelector(host: "quay.io"), "/v2/_catalog?last=a", "/v2/quay.io/_catalog?last=a"),
        (RegistrySelector(host: "quay.io"), "/v2/", "/v2/quay.io/"),
        (RegistrySelector(host: "quay.io"), "/artifacts-uploads/1?x", "/quay.io/artifacts-uploads/1?x"),
        (RegistrySelector(host: "quay.io"), "1", "/v2/quay.io/a/blobs/uploads/1"),
        (RegistrySelector(host: "quay.io", isBeforeRoot: true), "/v2/org/app", "/quay.io/v2/org/app"),
        (RegistrySelector(host: "quay.io", isBeforeRoot: true), "/artifacts-uploads/1", "/quay.io/artifacts-uploads/1"),
        (RegistrySelector(namespace: "quay.io"), "/v2/a?x=1#f", "/v2/a?x=1&ns=quay.io#f"),
        (RegistrySelector(namespace: "quay.io"), "/v2/a?", "/v2/a?ns=quay.io"),
        (RegistrySelector(namespace: "quay.io"), "/artifacts-uploads/1", "/artifacts-uploads/1?ns=quay.io"),
        (RegistrySelector(namespace: "quay.io"), "1", "/v2/a/blobs/uploads/1?ns=quay.io"),
        (
            RegistrySelector(host: "quay.io", namespace: "quay.io"), "http://registry.example:5000/v2/a",
            "/v2/quay.io/a?ns=quay.io"
        ),
        (RegistrySelector(namespace: "quay.io"), "http://elsewhere.example/v2/a", "http://elsewhere.example/v2/a"),
    ])
    func whatSelectedTheUpstreamSelectsItAgain(selector: RegistrySelector, reference: String, result: String) throws {
        #expect(try references(to: "/v2/a/blobs/uploads/", selector).rewrite(reference: reference) == result)
    }

    /// Else whoever follows the redirection comes here again, and again.
    @Test func aRedirectionFromHTTPToHTTPSIsNotOneToHere() throws {
        func location(_ base: String, _ text: String, _ status: HTTPResponseStatus) throws -> String? {
            try references(base).rewrite(["Location": text], of: status).first(name: "location")
        }
        let secure = "https://registry.example/v2/a"
        #expect(try location("http://registry.example", secure, .movedPermanently) == secure)
        #expect(try location("http://registry.example:80", secure, .permanentRedirect) == secure)
        #expect(try location("http://registry.example", "/v2/a", .temporaryRedirect) == "/v2/a")
        // A registry that takes itself for an https one, or, behind a proxy, for an http one.
        #expect(try location("http://registry.example", secure, .accepted) == "/v2/a")
        #expect(try location("https://registry.example", "http://registry.example/v2/a", .accepted) == "/v2/a")
        #expect(try location("https://registry.example", "http://registry.example/v2/a", .found) == "/v2/a")
    }

    @Test func linksAndLocationsAreRewrittenAndNothingElse() throws {
        let headers: HTTPHeaders = [
            "Link":
                "<http://registry.example:5000/v2/_catalog?n=1>; rel=\"next\", <http://other.example/>; title=\"a<b\"",
            "Location": "http://registry.example:5000/v2/a", "X-Location": "http://registry.example:5000/v2/a",
            "WWW-Authenticate": "Bearer realm=\"http://registry.example:5000/token\"",
        ]
        let rewritten = try references().rewrite(headers, of: .ok)
        #expect(
            rewritten["link"] == ["</v2/_catalog?n=1>; rel=\"next\", <http://other.example/>; title=\"a<b\""])
        #expect(rewritten["location"] == ["/v2/a"])
        #expect(rewritten["x-location"] == ["http://registry.example:5000/v2/a"])
        #expect(rewritten["www-authenticate"] == headers["www-authenticate"])
        for broken in ["<", ">", "<http://registry.example:5000", "", "no link"] {
            #expect(try references().rewrite(link: broken) == broken)
        }
    }

    @Test func aRelativeLinkKeepsWhatSelectedTheUpstream() throws {
        let list = try references(to: "/v2/org/app/tags/list?n=2", RegistrySelector(namespace: "quay.io"))
        #expect(
            list.rewrite(link: "<?n=2&last=b>; rel=\"next\"")
                == "</v2/org/app/tags/list?n=2&last=b&ns=quay.io>; rel=\"next\"")
        let catalog = try references(to: "/v2/_catalog?n=2", RegistrySelector(host: "quay.io"))
        #expect(catalog.rewrite(link: "</v2/_catalog?n=2&last=b>") == "</v2/quay.io/_catalog?n=2&last=b>")
    }

    @Test(
        arguments: [
            ("http://r.example", "https://r.example/v2/", "https://r.example/v2/", "https://r.example"),
            ("http://r.example:80", "https://r.example/", "https://r.example/", "https://r.example"),
            ("http://r.example", "https://r.example", "https://r.example", "https://r.example"),
            ("http://r.example/a", "https://r.example/a/v2/?x=1", "https://r.example/a/v2/", "https://r.example/a"),
            (
                "http://r.example:5000", "https://r.example:5443/v2", "https://r.example:5443/v2",
                "https://r.example:5443"
            ),
            ("https://docker.io", "https://www.docker.com/products", "https://www.docker.com/products", nil),
        ] as [(String, String, String, String?)])
    func anUpstreamThatHasMovedSaysWhereTo(old: String, location: String, target: String, base: String?) throws {
        let head = HTTPResponseHead(version: .http1_1, status: .movedPermanently, headers: ["Location": location])
        let move = try #require(UpstreamMove(head, from: UpstreamURL(old)))
        #expect(move.location == target)
        #expect(move.base == (try base.map { try UpstreamURL($0) }))
    }

    @Test func anUpstreamThatRedirectsWithinItselfHasNotMoved() throws {
        let base = try UpstreamURL("http://R.example")
        for location in ["/login", "http://r.example/v2/", "http://r.example:80/", "mailto:a"] {
            let head = HTTPResponseHead(version: .http1_1, status: .found, headers: ["Location": location])
            #expect(UpstreamMove(head, from: base) == nil)
        }
        let created = HTTPResponseHead(
            version: .http1_1, status: .created, headers: ["Location": "https://r.example/v2/"])
        #expect(UpstreamMove(created, from: base) == nil)
    }

    @Test func nothingThatAFrontSaysOfItselfGoesUp() {
        let fields: HTTPHeaders = [
            "Forwarded": "host=front.example;proto=https", "X-Forwarded-Host": "front.example",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Prefix": "/ndn", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "Accept": "*/*",
        ]
        #expect(fields.removingForwarded().map(\.name) == ["X-Forwarded-For", "Accept"])
    }
}
