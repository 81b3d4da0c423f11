import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct RegistryAccessTests {
    @Test(arguments: [
        (HTTPMethod.GET, "/v2/", nil), (.GET, "/v2", nil), (.GET, "/v2/_catalog?n=5", "registry:catalog:*"),
        (.GET, "/v2/app/manifests/latest", "repository:app:pull"),
        (.HEAD, "/v2/a/b/c/blobs/sha256:00", "repository:a/b/c:pull"),
        (.GET, "/v2/a/tags/list?n=1", "repository:a:pull"), (.GET, "/v2/a/referrers/sha256:0", "repository:a:pull"),
        (.PUT, "/v2/a/manifests/1", "repository:a:pull,push"),
        (.POST, "/v2/a/blobs/uploads/", "repository:a:pull,push"),
        (.PATCH, "/v2/a/b/blobs/uploads/1-2?_state=x/y", "repository:a/b:pull,push"),
        (.GET, "/v2/a/blobs/uploads/1", "repository:a:pull"), (.DELETE, "/v2/a/manifests/1", "repository:a:delete"),
        // Names and tags that look like the words of the API.
        (.GET, "/v2/blobs/tags/manifests/blobs", "repository:blobs/tags:pull"),
        (.PUT, "/v2/a/manifests/tags", "repository:a:pull,push"),
        (
            .POST, "/v2/a/blobs/uploads/?mount=sha256:0&from=other%2Fapp",
            "repository:a:pull,push repository:other/app:pull"
        ),
        (.GET, "/v2/something/else", nil),
    ])
    func whatARequestIsAbout(method: HTTPMethod, target: String, scope: String?) throws {
        let access = try #require(RegistryAccess(method, target))
        #expect(access.scope == scope)
    }

    @Test(arguments: [
        "/", "/v1/", "/v22/", "/api/v2/", "/v2/../api/", "/v2/a/%2e%2e/%2E%2e/api", "//v2/a/tags/list",
        "/V2/a/tags/list", "*",
    ])
    func whatIsNotTheRegistrysApi(target: String) {
        #expect(RegistryAccess(.GET, target) == nil)
    }

    @Test(arguments: [
        "/..", "/.", "/v2/../api", "/v2/./a", "/v2/%2e%2e/api", "/v2/%2E./api", "/v2/..%2fapi", "/v2/a%2f..%2fb",
        "/v2/%252e%252e/api", "/v2/%25252e%25252e/api", "/v2/..;a=b/api", "/v2/..\\api", "/v2/%2e%2e%5capi",
        "/%2525252525", "/v2/a/..?x", "/v2/..#x",
    ])
    func dotSegments(target: String) {
        #expect(DotSegments.occur(in: target))
    }

    @Test(arguments: [
        "/", "/v2/", "/v2/a/blobs/sha256%3A00", "/v2/a.b/..c/tags/v1..2", "/v2/a/manifests/1.0", "/v2/...", "/v2/a%zz%",
        "/v2/a/tags/list?last=../x", "//v2//",
    ])
    func noDotSegments(target: String) {
        #expect(!DotSegments.occur(in: target))
    }

    @Test func theyAreRefused() throws {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/%2e%2e/api", headers: ["Host": "x"])
        #expect(RequestHeadCheck.refusal(of: head)?.status == .badRequest)
    }
}
