import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// What a web page on somebody's machine can make of a client there, and what it cannot.
@Suite("Web pages", .timeLimit(.minutes(1)))
struct WebPageTests {
    private static let hosts = ["registry.example:5000", "Mirror.example", "docker.io", "127.0.0.1:5000"]

    private func requester(_ fields: HTTPHeaders) -> Requester {
        LendingRule(hosts: Self.hosts).requester(
            of: HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/", headers: fields))
    }

    @Test(arguments: [
        "127.0.0.1:5000", "127.0.0.1", "192.0.2.7:80", "[::1]:5000", "[2001:db8::1]", "localhost", "localhost:5000",
        "LocalHost.:5000", "registry.example", "registry.example:5000", "REGISTRY.example:1", "mirror.example.",
        "registry-1.docker.io", "docker.io:443",
    ])
    func programsAskForHostsThatAreKnown(host: String) {
        #expect(requester(["Host": host]) == .program)
        #expect(requester(["Host": host, "Sec-Fetch-Site": "none"]) == .program)
    }

    @Test(arguments: [
        "evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example", "evil.mirror.example",
        "127.0.0.1:5000.evil.example", "[::1].evil.example", "[evil.example]", "::1", "127.1", "0x7f.0.0.1",
        "user@localhost", "localhost,evil.example", "mirror.example:80:80", "",
    ])
    func anotherHostMayBeAPages(host: String) {
        #expect(requester(["Host": host]) == .page(.host(host)))
    }

    @Test(arguments: ["https://evil.example", "http://localhost:5000", "null", ""])
    func whoeverSendsOriginIsAPage(origin: String) {
        #expect(requester(["Host": "localhost", "Origin": origin]) == .page(.origin(origin)))
    }

    @Test(arguments: ["cross-site", "same-site", "same-origin", "Cross-Site"])
    func whoeverSendsTheSiteItIsOnIsAPage(site: String) {
        #expect(requester(["Host": "localhost", "Sec-Fetch-Site": site]) == .page(.site(site)))
    }

    @Test func withoutAHostNobodyIsTrusted() {
        #expect(requester([:]) == .page(.host("")))
    }

    /// An upstream that wants a password, and lets browsers do as they please.
    private func withClient<Result: Sendable>(
        _ credential: Credential? = .password(user: "u", password: "p"), hasCertificate: Bool = false,
        _ body: (RawHTTPServer, SocketAddress) async throws -> Result
    ) async throws -> Result {
        let upstream = try await RawHTTPServer { request, channel in
            let fields = ["Access-Control-Allow-Origin: *", "access-control-allow-credentials: true"]
            if request.fields["authorization"] == nil {
                channel.reply("401 Unauthorized", fields + ["WWW-Authenticate: Basic realm=r"], body: [])
            } else {
                channel.reply("200 OK", fields, body: Array("secret".utf8))
            }
        }
        var configuration = UpstreamConfiguration()
        configuration.credentials = credential.map { credential in
            CredentialKeeper(credential, file: "none", logger: .silent) { credential }
        }
        let client = UpstreamClient(
            base: try UpstreamURL(upstream.url), group: MultiThreadedEventLoopGroup.singleton,
            configuration: configuration, logger: .silent)
        let site = RegistrySite(
            prefix: Name([.generic("test")]), source: BlobSource(network: NoNetwork()), upstream: client,
            logger: .silent)
        let rule = LendingRule(
            hosts: Self.hosts, hasCredentials: credential != nil, hasCertificate: hasCertificate)
        let responder = ClientResponder(
            sites: [site], upstreams: try UpstreamSet([.init(hosts: [])]), lending: rule, logger: .silent)
        let result = try await withEndpoint(responder) { try await body(upstream, $0) }
        client.shutdown()
        try await upstream.close()
        return result
    }

    private func ask(_ address: SocketAddress, _ start: String, _ fields: String...) async throws -> RawResponse {
        try await RawConnection.with(address) { connection in
            try await connection.send("\(start) HTTP/1.1\r\n\(fields.map { $0 + "\r\n" }.joined())\r\n")
            return try await connection.response()
        }
    }

    @Test func aProgramIsLetInWithOurCredentials() async throws {
        try await withClient { upstream, address in
            let response = try await ask(address, "GET /v2/a/tags/list", "Host: localhost:5000")
            #expect(response.status == 200 && response.text == "secret")
            #expect(response["access-control-allow-origin"] == "*")
        }
    }

    @Test(arguments: ["Host: evil.example", "Host: a\r\nOrigin: null", "Host: localhost\r\nSec-Fetch-Site: cross-site"])
    func aPageReadsWhatAnybodyMayAndNoBrowserIsToldToShowIt(fields: String) async throws {
        try await withClient { upstream, address in
            // What others were let in with does not serve it either.
            _ = try await ask(address, "GET /v2/a/tags/list", "Host: localhost")
            let response = try await ask(address, "GET /v2/a/tags/list", fields)
            #expect(response.status == 401)
            #expect(!response.fields.contains { $0.name.hasPrefix("access-control") })
            #expect(upstream.requests.last?.fields["authorization"] == nil)
            let own = try await ask(address, "GET /v2/a/tags/list", fields, "Authorization: Basic mine")
            #expect(own.status == 200 && own["access-control-allow-origin"] == nil)
        }
    }

    @Test(arguments: [
        "Host: evil.example", "Host: localhost\r\nOrigin: https://evil.example",
        "Host: localhost\r\nSec-Fetch-Site: same-site",
    ])
    func aPageWritesNothing(fields: String) async throws {
        try await withClient { upstream, address in
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let response = try await ask(address, "\(method) /v2/a/blobs/uploads/", fields, "Content-Length: 0")
                #expect(response.status == 403)
                #expect(response.text.contains("DENIED") && response.text.contains("nothing is written"))
            }
            #expect(upstream.requests.isEmpty)
        }
    }

    /// Programs push through clients with all kinds of names, and here there is nothing to borrow.
    @Test func withoutCredentialsAnUnknownHostMayWriteButNoPage() async throws {
        try await withClient(nil) { upstream, address in
            let upload = "POST /v2/a/blobs/uploads/"
            let named = try await ask(address, upload, "Host: other.example", "Content-Length: 0")
            #expect(named.status == 401)
            let page = try await ask(address, upload, "Host: a", "Origin: b", "Content-Length: 0")
            #expect(page.status == 403)
            #expect(upstream.requests.count == 1)
        }
    }

    /// The certificate belongs to the connection.
    @Test func whereTheConnectionLetsInAPageReadsNothing() async throws {
        try await withClient(nil, hasCertificate: true) { upstream, address in
            let page = try await ask(address, "GET /v2/a/tags/list", "Host: evil.example")
            #expect(page.status == 403)
            #expect(upstream.requests.isEmpty)
            let program = try await ask(address, "GET /v2/a/tags/list", "Host: mirror.example")
            #expect(program.status == 401)
        }
    }

    @Test(arguments: ["/api/users", "/", "/v2", "/v2/a/tags/list", "/v2x/a", "/?/v2/"])
    func credentialsAreForTheRegistrysInterfaceAlone(target: String) async throws {
        try await withClient { upstream, address in
            let isRegistry = ["/v2", "/v2/a/tags/list"].contains(target)
            let answer = try await ask(address, "GET \(target)", "Host: localhost")
            #expect(answer.status == (isRegistry ? 200 : 401))
        }
    }

    /// The host of an absolute target goes before the field, so that one cannot vouch for the other.
    @Test func theHostOfATargetIsTheHost() async throws {
        try await withClient { upstream, address in
            let target = "GET http://evil.example/v2/a/tags/list"
            let page = try await ask(address, target, "Host: localhost")
            #expect(page.status == 401)
        }
    }
}
