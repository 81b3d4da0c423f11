import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct RedirectTargetTests {
    private func next(
        _ status: HTTPResponseStatus, _ location: String?, from origin: String = "https://registry.example"
    ) throws -> String? {
        let headers: HTTPHeaders = location.map { ["Location": $0] } ?? [:]
        let target = RedirectTarget(origin: try UpstreamURL(origin), uri: "/v2/a/blobs/x?y")
        return try target.next(HTTPResponseHead(version: .http1_1, status: status, headers: headers)).map {
            "\($0.origin)\($0.uri)"
        }
    }

    @Test(arguments: [
        ("https://cdn.example/b?sig=1#f", "https://cdn.example/b?sig=1"),
        ("https://cdn.example:444", "https://cdn.example:444/"),
        ("https://cdn.example?q", "https://cdn.example/?q"),
        ("//cdn.example/b", "https://cdn.example/b"),
        ("/else/where", "https://registry.example/else/where"),
        ("z", "https://registry.example/v2/a/blobs/z"),
        ("?z", "https://registry.example/v2/a/blobs/x?z"),
        ("./a:b", "https://registry.example/v2/a/blobs/a:b"),
        ("../z?q", "https://registry.example/v2/a/z?q"), ("../../../../z", "https://registry.example/z"),
        ("https://cdn.example/a/../b//c?q=../d", "https://cdn.example/b//c?q=../d"),
        ("/a b/ü?x=a b%20%2F", "https://registry.example/a%20b/%C3%BC?x=a%20b%20%2F"),
        (
            "https://cdn.example/a%2Fb%ZZ%?s=\"<>\\^`{|}[]",
            "https://cdn.example/a%2Fb%25ZZ%25?s=%22%3C%3E%5C%5E%60%7B%7C%7D[]"
        ),
    ])
    func resolved(location: String, result: String) throws {
        for status in [301, 302, 303, 307, 308] {
            #expect(try next(.init(statusCode: status), location) == result)
        }
    }

    @Test func notFollowed() throws {
        #expect(try next(.ok, "https://a/") == nil)
        #expect(try next(.notModified, "https://a/") == nil)
        #expect(try next(.found, "http://a/", from: "http://b") == "http://a/")
        for location in [
            "http://registry.example/b", "ftp://a/", "https://u:p@a/", "javascript:1", "http://ü/", "", nil,
        ] {
            let error = #expect(throws: UpstreamError.self) { try next(.found, location) }
            #expect(error?.code == .redirect)
        }
    }
}

@Suite struct UpstreamRedirectTests {
    private let asked = HTTPRequestHead(
        version: .http1_1, method: .GET, uri: "/v2/a",
        headers: ["Range": "bytes=1-2", "Authorization": "Basic eDp5"])

    @Test func followedToAnotherHostWithoutCredentials() async throws {
        let storage = try await RawHTTPServer { _, channel in channel.reply("206 Partial Content", body: [2, 3]) }
        let location = storage.url + "/there?x=1"
        try await withUpstream { request, channel in
            request.uri == "/v2/a"
                ? channel.reply("307 Temporary Redirect", ["Location: /here"], body: [1])
                : channel.reply("302 Found", ["Location: \(location)"], body: [])
        } test: { client, server in
            for _ in 1...2 {
                let response = try await client.read(asked)
                #expect(response.head.status == .partialContent)
                var octets = 0
                for try await chunk in response.body { octets += chunk.readableBytes }
                #expect(octets == 2)
            }
            #expect(server.requests.map(\.uri) == ["/v2/a", "/here", "/v2/a", "/here"])
            #expect(server.requests.allSatisfy { $0.fields["authorization"] == "Basic eDp5" })
            // The bodies of the redirections were read, and the connections kept.
            #expect(server.connections == 1 && storage.connections == 1)
            #expect(storage.requests.map(\.uri) == ["/there?x=1", "/there?x=1"])
            #expect(storage.requests.allSatisfy { $0.fields["authorization"] == nil })
            #expect(storage.requests.allSatisfy { $0.fields["range"] == "bytes=1-2" })
            #expect(storage.requests.allSatisfy { $0.fields["host"] == "127.0.0.1:\(storage.port)" })
        }
        try await storage.close()
    }

    @Test(arguments: [false, true]) func anExpiredLinkIsAskedForOnceMore(forGood: Bool) async throws {
        let storage = try await RawHTTPServer { request, channel in
            request.uri == "/old" || forGood
                ? channel.reply("403 Forbidden", body: [0]) : channel.reply("206 Partial Content", body: [2, 3])
        }
        let links = NIOLockedValueBox(["/new", "/old"])
        try await withUpstream { _, channel in
            let link = links.withLockedValue { $0.popLast() } ?? "/none"
            channel.reply("307 Temporary Redirect", ["Location: \(storage.url)\(link)"], body: [])
        } test: { client, _ in
            let response = try await client.read(asked)
            #expect(response.head.status == (forGood ? .forbidden : .partialContent))
            #expect(storage.requests.map(\.uri) == ["/old", "/new"])
        }
        try await storage.close()
    }

    @Test func aRefusalOfTheUpstreamItselfIsNotAskedForAgain() async throws {
        try await withUpstream { _, channel in
            channel.reply("403 Forbidden", body: [])
        } test: { client, server in
            let response = try await client.read(asked)
            #expect(response.head.status == .forbidden)
            #expect(server.requests.count == 1)
        }
    }

    @Test func aLoopEnds() async throws {
        try await withUpstream { _, channel in
            channel.reply("302 Found", ["Location: /v2/a"], body: [])
        } test: { client, server in
            let error = await #expect(throws: UpstreamError.self) { try await client.read(asked) }
            #expect(error?.code == .redirect)
            #expect(server.requests.count == UpstreamSender.maximumRedirects + 1)
        }
    }

    @Test func passthroughDoesNotFollow() async throws {
        try await withUpstream { _, channel in
            channel.reply("302 Found", ["Location: /else"], body: [])
        } test: { client, server in
            let answer = try await client.execute(asked)
            #expect(answer.head.status == .found)
            #expect(server.requests.count == 1)
        }
    }
}
