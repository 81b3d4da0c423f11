import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("A client's name in Via", .timeLimit(.minutes(1)))
struct ViaPseudonymTests {
    private let pseudonym = ViaPseudonym()

    private func isIn(_ values: [String]) -> Bool {
        pseudonym.isIn(HTTPHeaders(values.map { ("Via", $0) }))
    }

    @Test("is another one for each")
    func random() {
        #expect(ViaPseudonym() != pseudonym && pseudonym.text.utf8.count == "registry-ndn-".utf8.count + 16)
    }

    @Test("is found among those of others, in one field or several")
    func found() {
        let own = "1.1 \(pseudonym.text)"
        for values in [[own], ["1.0 fred, \(own)"], ["1.1 p.example.net (a proxy)", "\(own) (ours), HTTP/1.1 nginx"]] {
            #expect(isIn(values), "\(values)")
        }
    }

    @Test("is not what others are called")
    func others() {
        let text = pseudonym.text
        for values in [
            [], [""], [text], ["1.1 \(ViaPseudonym().text)"], ["1.1 x\(text)"], ["1.1 nginx (\(text))"], ["1.1"],
        ] {
            #expect(!isIn(values), "\(values)")
        }
    }

    @Test("stands behind those of the proxies before it")
    func added() {
        var head = HTTPRequestHead(version: .http1_0, method: .GET, uri: "/v2/", headers: ["Via": "1.1 fred"])
        pseudonym.add(to: &head)
        #expect(head.headers["via"] == ["1.1 fred", "1.0 \(pseudonym.text)"])
    }

    /// Two registries of one client may well lead to each other: only the same one a second time is a circle.
    @Test("goes with what is passed to the upstream, and refuses what comes back")
    func passed() async throws {
        let upstream = try await RawHTTPServer { _, channel in channel.reply("200 OK", body: []) }
        let client = UpstreamClient(
            base: try UpstreamURL(upstream.url), group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        let site = RegistrySite(
            prefix: Name([.generic("test")]), source: BlobSource(network: NoNetwork()), upstream: client,
            logger: .silent)
        let responder = ClientResponder(
            sites: [site], upstreams: try UpstreamSet([.init(hosts: [])]), logger: .silent)
        let blob = "/v2/a/blobs/sha256:\(String(repeating: "ab", count: 32))"
        try await withEndpoint(responder) { address in
            try await RawConnection.with(address) { connection in
                for target in ["/v2/a/manifests/b", blob] {
                    let request = "GET \(target) HTTP/1.1\r\nHost: localhost\r\n"
                    try await connection.send(request + "Via: 1.1 fred\r\n\r\n")
                    #expect(try await connection.response().status < 508)
                    #expect(upstream.requests.last?.fields["via"]?.hasSuffix(site.pseudonym.text) == true)
                    let count = upstream.requests.count
                    try await connection.send(request + "Via: 1.1 fred, 1.1 \(site.pseudonym.text)\r\n\r\n")
                    let refused = try await connection.response()
                    #expect(refused.status == 508 && refused.text.contains("leads back to this client"))
                    #expect(upstream.requests.count == count, "nobody else is asked")
                }
            }
        }
        client.shutdown()
        try await upstream.close()
    }
}
