import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

private func head(_ uri: String, _ method: HTTPMethod = .GET) -> HTTPRequestHead {
    HTTPRequestHead(version: .http1_1, method: method, uri: uri)
}

/// Short pauses.
private var quick: UpstreamConfiguration {
    var configuration = UpstreamConfiguration()
    configuration.retry.firstDelay = .milliseconds(2)
    configuration.retry.patience = .seconds(60)
    return configuration
}

@Suite struct UpstreamRetryTests {
    @Test(arguments: [HTTPMethod.GET, .HEAD])
    func connectionsThatEndBeforeTheAnswer(method: HTTPMethod) async throws {
        try await withUpstream(quick) { request, channel in
            if request.connection < 4 {
                channel.close(promise: nil)
            } else {
                channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        } test: { client, server in
            let response = try await client.execute(head("/", method))
            #expect(response.head.status == .ok)
            #expect(server.requests.count == 4)
        }
    }

    @Test func atLastItIsAnError() async throws {
        try await withUpstream(quick) { _, channel in
            channel.close(promise: nil)
        } test: { client, server in
            #expect(await code { _ = try await client.execute(head("/")) } == .closed)
            #expect(server.requests.count == 4)
        }
    }

    @Test func nothingAfterTheFirstOctet() async throws {
        try await withUpstream(quick) { _, channel in
            channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")
            channel.close(promise: nil)
        } test: { client, server in
            let response = try await client.execute(head("/"))
            #expect(await code { for try await _ in response.body {} } == .closed)
            #expect(server.requests.count == 1)
        }
    }

    /// A kept connection that the upstream closes when it is used: what changes something does not go there.
    @Test(arguments: [HTTPMethod.POST, .DELETE, .PUT])
    func changesUseConnectionsOfTheirOwn(method: HTTPMethod) async throws {
        try await withUpstream(quick) { request, channel in
            if request.connection == 1, request.uri == "/change" {
                channel.close(promise: nil)
            } else {
                channel.reply("200 OK", body: [])
            }
        } test: { client, server in
            for try await _ in try await client.execute(head("/")).body {}
            let response = try await client.execute(head("/change", method))
            #expect(response.head.status == .ok)
            #expect(server.requests.map(\.connection) == [1, 2])
        }
    }

    @Test(arguments: ["429 Too Many Requests", "503 Service Unavailable"])
    func aBusyUpstreamIsAskedAgain(status: String) async throws {
        let count = NIOLockedValueBox(0)
        try await withUpstream(quick) { _, channel in
            let number = count.withLockedValue { count in
                count += 1
                return count
            }
            channel.reply(number % 3 == 0 ? "200 OK" : status, ["Retry-After: 0"], body: [1])
        } test: { client, server in
            let response = try await client.read(head("/"))
            #expect(response.head.status == .ok)
            #expect(server.requests.count == 3)
            // A request that only passes through is answered as the upstream does.
            let passed = try await client.execute(head("/"))
            #expect(passed.head.status.code >= 429)
            #expect(server.requests.count == 4)
        }
    }

    @Test(arguments: ["3600", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
    func aLongPauseIsNotWaitedFor(pause: String) async throws {
        try await withUpstream(quick) { _, channel in
            channel.reply("429 Too Many Requests", ["Retry-After: \(pause)"], body: [1])
        } test: { client, server in
            let response = try await client.read(head("/"))
            #expect(response.head.status == .tooManyRequests)
            #expect(server.requests.count == 1)
        }
    }

    @Test func allOfItHasAnEnd() async throws {
        var configuration = quick
        configuration.overallTimeout = .milliseconds(200)
        try await withUpstream(configuration) { _, _ in
        } test: { client, _ in
            #expect(await code { _ = try await client.read(head("/")) } == .timeout)
        }
    }
}

/// Answers with fixed addresses.
private final class FixedResolver: Resolver, Sendable {
    let eventLoop: any EventLoop
    let first: [SocketAddress]
    let second: [SocketAddress]

    init(_ eventLoop: any EventLoop, _ first: [SocketAddress], _ second: [SocketAddress]) {
        self.eventLoop = eventLoop
        self.first = first
        self.second = second
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        eventLoop.makeSucceededFuture(second)
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        eventLoop.makeSucceededFuture(first)
    }

    func cancelQueries() {}
}

/// A host with two addresses, of which the first does not work (RFC 8305).
@Suite struct HappyEyeballsTests {
    private func reach(_ dead: SocketAddress) async throws {
        let server = try await RawHTTPServer { _, channel in channel.reply("200 OK", body: []) }
        let alive = try SocketAddress(ipAddress: "127.0.0.1", port: server.port)
        var configuration = UpstreamConfiguration()
        // Far longer than the test may take.
        configuration.connectTimeout = .minutes(10)
        configuration.resolver = { FixedResolver($0, [dead], [alive]) }
        let client = UpstreamClient(
            base: try UpstreamURL("http://two.example:\(server.port)"), group: MultiThreadedEventLoopGroup.singleton,
            configuration: configuration, logger: .silent)
        let response = try await client.execute(head("/"))
        #expect(response.head.status == .ok)
        client.shutdown()
        try await server.close()
    }

    @Test(.timeLimit(.minutes(1))) func theFirstRefuses() async throws {
        let closed = try await RawHTTPServer { _, _ in }
        try await closed.close()
        try await reach(try SocketAddress(ipAddress: "127.0.0.1", port: closed.port))
    }

    /// A listener whose queue is full drops what asks for a connection.
    @Test(.timeLimit(.minutes(1))) func theFirstIsSilent() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let silent = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 0)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(silent.localAddress)
        var open: [any Channel] = []
        while open.count < 16 {
            let attempt = ClientBootstrap(group: group).connectTimeout(.milliseconds(300)).connect(to: address)
            guard let channel = try? await attempt.get() else { break }
            open.append(channel)
        }
        try #require(open.count < 16)
        try await reach(address)
        for channel in open { try? await channel.close() }
        try await silent.close()
    }
}
