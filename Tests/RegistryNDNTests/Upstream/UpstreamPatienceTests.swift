import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// How long an upstream may take for what it is asked.
@Suite(.timeLimit(.minutes(1))) struct UpstreamPatienceTests {
    private static func head(_ method: HTTPMethod) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: method, uri: "/v2/a")
    }

    /// The timer of a connection that was kept is not set for its next exchange.
    @Test func aKeptConnectionIsNotWaitedForLonger() async throws {
        var configuration = UpstreamConfiguration()
        configuration.idleTimeout = .seconds(1)
        configuration.keepAlive = .hours(1)
        try await withUpstream(configuration) { request, channel in
            if request.uri == "/v2/first" { channel.reply("200 OK", body: []) }
        } test: { client, server in
            let first = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/first")
            for try await _ in try await client.execute(first).body {}
            let other = UpstreamClient(
                base: client.base, group: MultiThreadedEventLoopGroup.singleton, configuration: configuration,
                logger: .silent)
            defer { other.shutdown() }
            // Longer than the timer that the first exchange has set.
            for _ in 1...2 { #expect(await code { _ = try await other.execute(Self.head(.GET)) } == .timeout) }
            let connections = server.connections
            #expect(await code { _ = try await client.execute(Self.head(.GET)) } == .timeout)
            #expect(server.connections == connections)
        }
    }

    /// The registry moves a layer before it says 201.
    @Test(arguments: [HTTPMethod.PUT, .POST, .PATCH, .DELETE])
    func theAnswerToAPushMayTakeLonger(method: HTTPMethod) async throws {
        var configuration = UpstreamConfiguration()
        configuration.idleTimeout = .milliseconds(100)
        try await withUpstream(configuration) { _, channel in
            channel.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.reply("201 Created", body: []) }
        } test: { client, _ in
            let bare = try await client.execute(Self.head(method))
            #expect(bare.head.status == .created)
            let body = AsyncStream<ByteBuffer> { continuation in
                continuation.yield(ByteBuffer(string: "octets"))
                continuation.finish()
            }
            let full = try await client.execute(Self.head(method), body: body)
            #expect(full.head.status == .created)
            #expect(await code { _ = try await client.execute(Self.head(.GET)) } == .timeout)
        }
    }

    /// An octet now and then, with no pause as long as the limit, holds nobody for ever; what is slow but comes is waited for.
    @Test(arguments: [(1, UpstreamError.Code.slow), (400, nil)])
    func aBodyThatTrickles(octets: Int, code expected: UpstreamError.Code?) async throws {
        var configuration = UpstreamConfiguration()
        configuration.idleTimeout = .seconds(1)
        try await withUpstream(configuration) { _, channel in
            channel.reply("HTTP/1.1 200 OK\r\nContent-Length: \(30 * octets)\r\n\r\n")
            for number in 1...30 {
                channel.eventLoop.scheduleTask(in: .milliseconds(Int64(100 * number))) {
                    channel.reply(String(repeating: "x", count: octets))
                }
            }
        } test: { client, _ in
            let response = try await client.execute(Self.head(.GET))
            #expect(await code { _ = try await response.body.collect(upTo: 1 << 20) } == expected)
        }
    }

    @Test func butNotForEver() async throws {
        var configuration = UpstreamConfiguration()
        configuration.commitTimeout = .milliseconds(100)
        try await withUpstream(configuration) { _, _ in
        } test: { client, _ in
            #expect(await code { _ = try await client.execute(Self.head(.PUT)) } == .timeout)
        }
    }

    /// Once it has begun, it goes on as any answer.
    @Test func theRestOfTheAnswerMayNot() async throws {
        var configuration = UpstreamConfiguration()
        configuration.idleTimeout = .milliseconds(100)
        try await withUpstream(configuration) { _, channel in
            channel.reply("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nshort")
        } test: { client, _ in
            let response = try await client.execute(Self.head(.PUT))
            #expect(
                await code { for try await _ in response.body {} } == .timeout)
        }
    }
}
