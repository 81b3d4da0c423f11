import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// Runs a test against a raw server.
func withUpstream(
    _ configuration: UpstreamConfiguration = .init(), respond: @escaping RawHTTPServer.Respond,
    test: (UpstreamClient, RawHTTPServer) async throws -> Void
) async throws {
    let server = try await RawHTTPServer(respond: respond)
    let client = UpstreamClient(
        base: try UpstreamURL(server.url), group: MultiThreadedEventLoopGroup.singleton, configuration: configuration,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    do {
        try await test(client, server)
    } catch {
        client.shutdown()
        try await server.close()
        throw error
    }
    client.shutdown()
    try await server.close()
}

private func get(_ uri: String, _ method: HTTPMethod = .GET, _ headers: HTTPHeaders = [:]) -> HTTPRequestHead {
    HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
}

extension UpstreamBody {
    fileprivate func text() async throws -> String {
        var all = ByteBuffer()
        for try await chunk in self { all.writeImmutableBuffer(chunk) }
        return String(buffer: all)
    }
}

private func text(_ client: UpstreamClient, _ uri: String) async throws -> String {
    try await client.execute(get(uri)).body.text()
}

/// The code of what `work` throws.
func code(_ work: () async throws -> Void) async -> UpstreamError.Code? {
    do {
        try await work()
        return nil
    } catch {
        return (error as? UpstreamError)?.code
    }
}

@Suite struct UpstreamClientTests {
    @Test func connectionIsKept() async throws {
        try await withUpstream { request, channel in
            channel.reply("200 OK", body: Array("\(request.uri) \(request.fields["host"] ?? "")".utf8))
        } test: { client, server in
            for number in 0..<3 {
                let response = try await client.execute(get("/\(number)"))
                #expect(response.head.status == .ok)
                #expect(try await response.body.text() == "/\(number) 127.0.0.1:\(server.port)")
            }
            #expect(server.connections == 1)
        }
    }

    @Test func chunkedBodyAndCloseDelimitedBody() async throws {
        try await withUpstream { request, channel in
            if request.uri == "/chunked" {
                channel.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            } else {
                channel.reply("HTTP/1.1 200 OK\r\n\r\nuntil the end")
                channel.close(promise: nil)
            }
        } test: { client, server in
            let text1 = try await text(client, "/chunked")
            #expect(text1 == "abcde")
            let text2 = try await text(client, "/close")
            #expect(text2 == "until the end")
            #expect(server.connections == 1)
        }
    }

    @Test func answersWithoutBody() async throws {
        try await withUpstream { request, channel in
            switch request.uri {
            case "/head": channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            case "/204": channel.reply("HTTP/1.1 204 No Content\r\n\r\n")
            case "/304": channel.reply("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
            default: channel.reply("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        } test: { client, server in
            let head = try await client.execute(get("/head", .HEAD))
            #expect(head.head.headers.first(name: "content-length") == "1000")
            #expect(try await head.body.text() == "")
            let text3 = try await text(client, "/204")
            #expect(text3 == "")
            let text4 = try await text(client, "/304")
            #expect(text4 == "")
            let text5 = try await text(client, "/ok")
            #expect(text5 == "ok")
            #expect(server.connections == 1)
        }
    }

    @Test func shortBodyIsAnError() async throws {
        try await withUpstream { _, channel in
            channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")
            channel.close(promise: nil)
        } test: { client, _ in
            let response = try await client.execute(get("/"))
            #expect(await code { _ = try await response.body.text() } == .closed)
        }
    }

    @Test func malformedAnswers() async throws {
        try await withUpstream { request, channel in
            switch request.uri {
            case "/garbage": channel.reply("this is not HTTP\r\n\r\n")
            case "/lengths": channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
            default:
                channel.reply("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n")
            }
        } test: { client, _ in
            for uri in ["/garbage", "/lengths", "/large"] {
                #expect(await code { _ = try await client.execute(get(uri)) } == .malformed, "\(uri)")
            }
        }
    }

    @Test(arguments: [
        ("101 Switching Protocols", ["Upgrade: h2c"], UpstreamError.Code.malformed, "status 101 (Switching"),
        ("999 Odd", ["Content-Length: 0"], .malformed, "the upstream answers with status 999, which is no HTTP status"),
        ("600 Odd", ["Content-Length: 0"], .malformed, "status 600, which is no HTTP status"),
        ("200 OK", ["Content-Length: 9223372036854775808"], .malformed, "Content-Length 9223372036854775808"),
        ("200 OK", ["Content-Length: 18446744073709551616"], .malformed, "Content-Length"),
        ("206 Partial Content", ["Content-Length: 0"], .range, "no Content-Range"),
        (
            "206 Partial Content", ["Content-Length: 1", "Content-Range: bytes 0-0/9"], .range,
            "Content-Range bytes 0-0/9"
        ),
    ])
    func answersThatAreNone(
        status: String, fields: [String], code: UpstreamError.Code, words: String
    ) async throws {
        try await withUpstream { _, channel in
            channel.reply("HTTP/1.1 \(status)\r\n\(fields.joined(separator: "\r\n"))\r\n\r\nx")
        } test: { client, _ in
            for method in [HTTPMethod.GET, .HEAD] where method == .GET || code == .malformed {
                let error = await #expect(throws: UpstreamError.self) { try await client.execute(get("/a", method)) }
                #expect(
                    error?.code == code && error?.description.contains(words) == true, "\(error?.description ?? "")")
            }
            let body = AsyncStream<ByteBuffer> { $0.finish() }
            let error = await #expect(throws: UpstreamError.self) {
                try await client.execute(get("/a", .PUT), body: body)
            }
            #expect(error?.code == code && error?.description.contains(words) == true, "\(error?.description ?? "")")
            // Only the parser, which gives up at a number that is too large, does not know what came.
            #expect(error?.description.contains("not HTTP/1.1") == (words == "Content-Length"))
        }
    }

    /// What a client would be told of a part that is none, or that the upstream has not sent.
    @Test(
        arguments: [
            (["Content-Range: bytes 5-4/9"], "Content-Range bytes 5-4/9, which names no bytes"),
            (["Content-Range: bytes 5-9/9"], "names no bytes"), (["Content-Range: Bytes */9"], "names no bytes"),
            (["Content-Range: bytes"], "names no bytes"), (["Content-Range: bytes 5-5/9"], nil),
            (["Content-Range: bytes 5-5/*"], nil), (["Content-Range: items 5-4/9"], nil), ([], "no Content-Range"),
            (["Content-Type: multipart/byteranges; boundary=a"], nil),
            // What docker-registry answers to a suffix of no bytes.
            (["Content-Range: bytes 9-8/9", "Content-Length: 0"], nil),
            (["Content-Range: bytes 0--1/0", "Content-Length: 0"], nil),
            (["Content-Range: bytes 9-8/9", "Content-Length: 1"], "names no bytes"),
            (["Content-Range: bytes 8-7/9", "Content-Length: 0"], "names no bytes"),
        ] as [([String], String?)])
    func aPartSaysWhichItIs(fields: [String], words: String?) throws {
        var head = HTTPResponseHead(version: .http1_1, status: .partialContent)
        for field in fields {
            let colon = try #require(field.firstIndex(of: ":"))
            head.headers.add(name: String(field[..<colon]), value: String(field[colon...].dropFirst(2)))
        }
        let fault = ResponseHeadCheck.unnamedPart(head)
        #expect(fault?.code == words.map { _ in .range })
        #expect(words.map { fault?.message.contains($0) == true } ?? true, "\(fault?.message ?? "")")
    }

    @Test func closedKeptConnectionIsTriedOnceMore() async throws {
        try await withUpstream { request, channel in
            // The second request of the first connection meets a closed door.
            if request.connection == 1, request.uri == "/2" {
                channel.close(promise: nil)
            } else {
                channel.reply("200 OK", body: Array("\(request.connection)".utf8))
            }
        } test: { client, server in
            let text6 = try await text(client, "/1")
            #expect(text6 == "1")
            let text7 = try await text(client, "/2")
            #expect(text7 == "2")
            #expect(server.requests.map(\.uri) == ["/1", "/2", "/2"])
        }
    }

    @Test func whoChangesSomethingIsNotTriedAgain() async throws {
        try await withUpstream { _, channel in
            channel.close(promise: nil)
        } test: { client, server in
            #expect(await code { _ = try await client.execute(get("/", .POST)) } == .closed)
            #expect(server.requests.count == 1)
        }
    }

    @Test func silenceEndsInTimeout() async throws {
        var configuration = UpstreamConfiguration()
        configuration.idleTimeout = .seconds(2)
        try await withUpstream(configuration) { request, channel in
            if request.uri == "/body" { channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort") }
        } test: { client, _ in
            #expect(await code { _ = try await client.execute(get("/head")) } == .timeout)
            let response = try await client.execute(get("/body"))
            #expect(await code { _ = try await response.body.text() } == .timeout)
        }
    }

    @Test func refusedConnection() async throws {
        let server = try await RawHTTPServer { _, _ in }
        try await server.close()
        let client = UpstreamClient(
            base: try UpstreamURL(server.url), group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(await code { _ = try await client.execute(get("/")) } == .connect)
    }

    /// A body of 64 MiB that nobody pulls must stop in the kernel's buffers.
    @Test func bodyIsPulled() async throws {
        let size = 64 << 20
        let sent = NIOLockedValueBox(false)
        try await withUpstream { _, channel in
            channel.reply("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            channel.writeAndFlush(ByteBuffer(repeating: 7, count: size)).whenSuccess {
                sent.withLockedValue { $0 = true }
            }
        } test: { client, _ in
            let response = try await client.execute(get("/"))
            var iterator = response.body.makeAsyncIterator()
            var count = try #require(try await iterator.next()).readableBytes
            #expect(!sent.withLockedValue { $0 })
            while let chunk = try await iterator.next() { count += chunk.readableBytes }
            #expect(count == size)
        }
    }

    @Test func lettingGoClosesTheConnection() async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        try await withUpstream { _, channel in
            channel.closeFuture.whenComplete { _ in continuation.yield() }
            channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin")
        } test: { client, _ in
            do { _ = try await client.execute(get("/")) }
            for await _ in stream { break }
        }
    }

    @Test func cancellationEndsTheWait() async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        try await withUpstream { _, channel in
            channel.closeFuture.whenComplete { _ in continuation.yield() }
            continuation.yield()
        } test: { client, _ in
            let task = Task { try await client.execute(get("/")) }
            var events = stream.makeAsyncIterator()
            await events.next()
            task.cancel()
            await #expect(throws: (any Error).self) { try await task.value }
            await events.next()
        }
    }
}
