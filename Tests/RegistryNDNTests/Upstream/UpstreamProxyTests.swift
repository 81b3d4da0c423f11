import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// Against a raw server in the place of the proxy; that a real one is passed through is shown end to end.
@Suite struct UpstreamProxyTests {
    private func failure(
        _ url: String, userInfo: String = "", within timeout: TimeAmount = .seconds(10),
        respond: @escaping RawHTTPServer.Respond, _ check: ([RawRequest]) -> Void = { _ in }
    ) async throws -> UpstreamError? {
        let proxy = try await RawHTTPServer(respond: respond)
        var configuration = UpstreamConfiguration()
        configuration.handshakeTimeout = timeout
        configuration.proxies = ProxySettings(
            explicit: try ProxyURL("http://\(userInfo)127.0.0.1:\(proxy.port)", from: "test"))
        let client = UpstreamClient(
            base: try UpstreamURL(url), group: MultiThreadedEventLoopGroup.singleton, configuration: configuration,
            logger: .silent)
        defer { client.shutdown() }
        var failure: UpstreamError?
        do {
            let answer = try await client.execute(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/"))
            #expect(answer.head.status == .ok)
            answer.body.cancel()
        } catch let error as UpstreamError {
            failure = error
        }
        check(proxy.requests)
        try await proxy.close()
        return failure
    }

    @Test func theRequestForAWay() async throws {
        let error = try await failure("https://far.example", userInfo: "a:b@") { _, channel in
            channel.reply("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        } _: { requests in
            #expect(requests.count == 1)
            #expect(requests.first?.method == "CONNECT" && requests.first?.uri == "far.example:443")
            #expect(requests.first?.fields["proxy-authorization"] == "Basic YTpi")
        }
        #expect(error?.code == .proxy && error?.message.contains("refuses the way (403)") == true)
        #expect(error?.message.contains("a:b") == false)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "demands other credentials (407)"),
            ("HTTP/1.1 200 OK\r\n\r\nmore", "more than an answer"),
            ("SSH-2.0-server\r\n\r\n", "does not answer in HTTP"),
            ("HTTP/1.1 99999999999999999999 OK\r\n\r\n", "does not answer in HTTP"),
            ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 20_000), "does not answer in HTTP"),
        ])
    func answersThatDoNotHelp(answer: String, words: String) async throws {
        let error = try await failure("https://far.example") { _, channel in channel.reply(answer) }
        #expect(error?.code == .proxy && error?.message.contains(words) == true, "\(error.debugDescription)")
    }

    @Test func aProxyThatDoesNotGoOn() async throws {
        let error = try await failure("https://far.example", within: .milliseconds(300)) { _, channel in
            channel.reply("HTTP/1.1 200")
        }
        #expect(error?.code == .proxy && error?.message.contains("did not answer within") == true)
    }

    @Test func aProxyThatCloses() async throws {
        let error = try await failure("https://far.example") { _, channel in channel.close(promise: nil) }
        #expect(error?.code == .proxy && error?.message.contains("closed the connection") == true)
    }

    @Test func plainHTTPNamesTheWholeURL() async throws {
        let error = try await failure("http://far.example:81/base", userInfo: "a:b@") { _, channel in
            channel.reply("200 OK", body: [])
        } _: { requests in
            #expect(requests.first?.uri == "http://far.example:81/base/v2/")
            #expect(requests.first?.fields["host"] == "far.example:81")
            #expect(requests.first?.fields["proxy-authorization"] == "Basic YTpi")
        }
        #expect(error == nil)
    }

    @Test func plainHTTPWithoutCredentials() async throws {
        let error = try await failure("http://far.example") { _, channel in
            channel.reply("407 Proxy Authentication Required", body: [])
        }
        #expect(error?.code == .proxy && error?.message.contains("407") == true)
    }
}
