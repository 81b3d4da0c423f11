import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Client endpoint", .timeLimit(.minutes(1)))
struct ClientEndpointTests {
    @Test func keepsTheConnectionAndAnswersPipelinedRequestsInOrder() async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                let requests = (0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
                try await connection.send(requests.joined())
                for index in 0..<20 {
                    let response = try await connection.response()
                    #expect(response.text == "GET /\(index)\n")
                    #expect(response["connection"] == nil)
                }
            }
        }
    }

    @Test(arguments: [
        ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "POST /a\nhello"),
        ("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "POST /a\nhello"),
        (
            "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
            "POST /a\nhello"
        ),
        ("GET http://host:1/b?c HTTP/1.1\r\nHost: a\r\n\r\n", "GET /b?c\n"),
        ("GET http://host HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\n"),
    ])
    func readsBodiesAndTargets(request: String, answer: String) async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(request + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await connection.response().text == answer)
                #expect(try await connection.response().text == "GET /next\n")
            }
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /\u{7F}a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /ü HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-maybe\r\nContent-Length: 1\r\n\r\nx", 417),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        ("garbage\r\n\r\n", 400),
        ("\u{0}\u{1}\u{2}\u{3}", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 200))\r\n", 431),
    ])
    func refuses(request: String, status: Int) async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(request)
                #expect(try await connection.response().status == status)
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test(arguments: [
        ("/v2/\"", "%22"), ("/v2/<", "%3C"), ("/v2/>", "%3E"), ("/v2/\\", "%5C"), ("/v2/^", "%5E"), ("/v2/`", "%60"),
        ("/v2/{", "%7B"), ("/v2/a|b", "%7C"), ("/v2/}", "%7D"), ("/v2/a#b", "%23"), ("/v2/?a=|", "%7C"),
        ("http://localhost/v2/\"", "%22"), ("/v2/a b", "percent-encoded"), ("/v2/a\tb", "percent-encoded"),
        ("/v2/a\u{1}b", "percent-encoded"), ("/v2/\u{7F}", "percent-encoded"), ("/v2/ü", "percent-encoded"),
    ])
    func saysWhichCharacterMustNotStandInATarget(target: String, word: String) async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let response = try await connection.response()
                #expect(response.status == 400 && response.text.contains(word), "\(response.text)")
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test func refusesABrokenChunkWhileSomebodyReadsTheBody() async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                #expect(try await connection.response().status == 400)
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test func answersGarbageAfterARequestOnceTheResponseIsOut() async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n\u{1}\u{2}garbage\r\n\r\n")
                #expect(try await connection.response().text == "GET /a\n")
                #expect(try await connection.response().status == 400)
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test func answersTLSInPlainHTTPAndCloses() async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC])
                // What is on its way must not turn the answer into a reset.
                try await connection.send([UInt8](repeating: 7, count: 2000))
                #expect(try await connection.response().status == 400)
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true), ("GET / HTTP/1.0\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
    ])
    func closesWhenAskedTo(request: String, first: Bool) async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(request)
                if !first { #expect(try await connection.response()["connection"] == nil) }
                #expect(try await connection.response()["connection"] == "close")
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test func closesAConnectionWhoseHeadDoesNotCome() async throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(20)
        try await withEndpoint(echo, limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET / HTTP/1.1\r\nHo")
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test func closesAConnectionWhoseBodyDoesNotCome() async throws {
        var limits = HTTPLimits()
        limits.bodyTimeout = .milliseconds(20)
        try await withEndpoint(echo, limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
                #expect(await connection.toEnd() == "")
            }
        }
    }

    /// Without a word it was closed.
    @Test(arguments: [
        "Content-Length: 9\r\n\r\n", "Content-Length: 9\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n",
    ])
    func aBodyThatDoesNotComeIsAnsweredByWhoReadsIt(rest: String) async throws {
        var limits = HTTPLimits()
        limits.bodyTimeout = .milliseconds(20)
        limits.linger = .milliseconds(50)
        let reading = ClosureResponder { request, response in
            do {
                try await request.body?.begin()
                for try await _ in request.body! {}
            } catch let failure as RequestBodyFailure {
                try await response.send(failure.answer, .requestTimeout)
            }
        }
        try await withEndpoint(reading, limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("PUT / HTTP/1.1\r\nHost: a\r\n\(rest)")
                let response = try await connection.response()
                #expect(response.status == 408 && response.text.contains("\(RegistrySetting.stallTimeout)"))
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test func aBodyMayBeginLaterThanItMayPause() async throws {
        var limits = HTTPLimits()
        limits.bodyTimeout = .seconds(1)
        #expect(limits.bodyBegin == .seconds(5))
        #expect(HTTPLimits().bodyBegin == .minutes(10))
        // Go's clients keep a connection for 90 s.
        #expect(HTTPLimits().headTimeout > .seconds(90))
    }

    @Test func aTakenPortIsToldInWords() async throws {
        try await withEndpoint(echo) { address in
            _ = await #expect(throws: ListenError.self) {
                try await HTTPEndpoint.bind(
                    host: "127.0.0.1", port: address.port!, group: MultiThreadedEventLoopGroup.singleton,
                    logger: .silent)
            }
        }
    }

    /// Many times as many as there is room for, none of which says anything: all others are served.
    @Test func whoHoldsConnectionsKeepsNobodyOut() async throws {
        var limits = HTTPLimits()
        limits.connections = 8
        try await withEndpoint(echo, limits: limits) { address in
            var held: [any Channel] = []
            for _ in 0..<40 {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
                    to: address
                ).get()
                try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHo"))
                held.append(channel)
            }
            for _ in 0..<3 {
                try await RawConnection.with(address) { connection in
                    try await connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await connection.response().text == "GET /a\n")
                }
            }
            for channel in held { try? await channel.close() }
        }
    }

    @Test func whenAllAreBusyOneIsToldToAskAgain() async throws {
        var limits = HTTPLimits()
        limits.connections = 2
        let (busy, isBusy) = AsyncStream<Void>.makeStream()
        let waiting = ClosureResponder { _, response in
            isBusy.yield()
            try await Task.sleep(for: .seconds(1000))
        }
        try await withEndpoint(waiting, limits: limits) { address in
            try await RawConnection.with(address) { first in
                try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                for await _ in busy { break }
                try await RawConnection.with(address) { connection in
                    try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let response = try await connection.response()
                    #expect(response.status == 503 && response["retry-after"] == "1")
                    #expect(await connection.toEnd() == "")
                }
            }
        }
    }

    @Test func saysContinueBeforeTheBodyIsRead() async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(
                    "PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
                #expect(try await connection.head().status == 100)
                try await connection.send("ok")
                #expect(try await connection.response().text == "PUT /a\nok")
            }
        }
    }

    @Test func keepsTheConnectionAfterAnUnreadShortBody() async throws {
        let deaf = ClosureResponder { _, response in try await response.send(.unauthorized, [:], ByteBuffer()) }
        try await withEndpoint(deaf) { address in
            try await RawConnection.with(address) { connection in
                for _ in 0..<3 {
                    try await connection.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
                    #expect(try await connection.response().status == 401)
                }
            }
        }
    }

    @Test func closesTheConnectionAfterAnUnreadLongBody() async throws {
        var limits = HTTPLimits()
        limits.discard = 1000
        let deaf = ClosureResponder { _, response in try await response.send(.unauthorized, [:], ByteBuffer()) }
        try await withEndpoint(deaf, limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
                #expect(try await connection.response().status == 401)
                try await connection.send([UInt8](repeating: 0, count: 100_000))
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test(arguments: [true, false])
    func aPeerThatGoesAwayCancelsTheResponder(cleanly: Bool) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: String.self)
        let waiting = ClosureResponder { _, response in
            try await response.start(.ok, ["Content-Length": "10"])
            continuation.yield("waits")
            do {
                try await Task.sleep(for: .seconds(1000))
            } catch {
                continuation.yield("cancelled")
                throw error
            }
        }
        try await withEndpoint(waiting) { address in
            var iterator = events.makeAsyncIterator()
            try await RawConnection.with(address) { connection in
                try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(await iterator.next() == "waits")
                if cleanly {
                    try await connection.channel.close(mode: .output)
                } else {
                    let options = try #require(connection.channel as? any SocketOptionProvider)
                    try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
                    try await connection.channel.close()
                }
            }
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test func anIncompleteResponseClosesTheConnection() async throws {
        struct Broken: Error {}
        let broken = ClosureResponder { _, response in
            try await response.start(.ok, ["Content-Length": "10"], first: ByteBuffer(string: "12345"))
            throw Broken()
        }
        try await withEndpoint(broken) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await connection.response()
                #expect(!response.isComplete)
            }
        }
    }

    @Test func refusesConnectionsBeyondTheLimitWhileAllAreBusy() async throws {
        var limits = HTTPLimits()
        limits.connections = 1
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let busy = ClosureResponder { _, response in
            begins.finish()
            for await _ in released {}
            try await response.send(.ok, [:], ByteBuffer())
        }
        try await withEndpoint(busy, limits: limits) { address in
            try await RawConnection.with(address) { first in
                try await first.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
                for await _ in begun {}
                try await RawConnection.with(address) { second in
                    try await second.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
                    let refusal = try await second.response()
                    #expect(refusal.status == 503)
                    #expect(refusal["retry-after"] != nil)
                    #expect(await second.toEnd() == "")
                }
                release.finish()
                #expect(try await first.response().status == 200)
            }
        }
    }
}
