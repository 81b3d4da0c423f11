import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// What the parser leaves in heads, and what comes before them.
@Suite struct UpstreamFieldValueTests {
    private static let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/a")

    @Test func whiteSpaceIsNoPartOfAValue() {
        var headers: HTTPHeaders = ["A": " \t1 2\t ", "B": "3", "C": " ", "D": ""]
        headers.trimValues()
        #expect(headers == ["A": "1 2", "B": "3", "C": "", "D": ""])
    }

    @Test func afterTheValuesOfAnAnswer() async throws {
        let digest = ContentDigest(sha256: SHA256.hash(ByteBuffer(string: "x")))
        let repository = try #require(RepositoryName("a"))
        try await withUpstream { request, channel in
            if request.uri != "/there" {
                return channel.reply(
                    "HTTP/1.1 307 Temporary Redirect\r\nLocation: /there \t\r\nContent-Length: 0 \r\n\r\n")
            }
            channel.reply(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-2/9 \r\nContent-Length: 2  \r\n"
                    + "Content-Encoding: identity \r\n\r\nab")
        } test: { client, server in
            let answer = try await client.blobRange(repository: repository, digest: digest, offset: 1, length: 2)
            #expect(answer.verdict == .partial(length: 2, total: 9))
            let body = try await answer.body.collect(upTo: 9)
            #expect(body.map { String(buffer: $0) } == "ab")
            #expect(server.connections == 1)
        }
    }

    @Test func afterTheValuesOfARequest() async throws {
        try await withEndpoint(echo) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(
                    "PUT /v2/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \r\nExpect: 100-continue\t\r\n\r\n"
                        + "2\r\nab\r\n0\r\n\r\n")
                let first = try await connection.response()
                #expect(first.status == 100)
                let second = try await connection.response()
                #expect(second.status == 200 && second.text == "PUT /v2/\nab")
                try await connection.send("PUT /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2 \r\n\r\nab")
                let third = try await connection.response()
                #expect(third.status == 200 && third.text == "PUT /v2/\nab")
            }
        }
    }

    @Test func interimResponsesAreNoAnswer() throws {
        let channel = EmbeddedChannel(handlers: [ResponseHeadHandler()])
        for _ in 0..<ResponseHeadHandler.maximumInterim {
            try channel.writeInbound(part(.custom(code: 103, reasonPhrase: "Early Hints")))
        }
        try channel.writeInbound(part(.ok))
        guard case .head(let head)? = try channel.readInbound(as: HTTPClientResponsePart.self) else {
            Issue.record("no head")
            return
        }
        #expect(head.status == .ok)
        // Counted for each answer.
        for _ in 0..<ResponseHeadHandler.maximumInterim { try channel.writeInbound(part(.continue)) }
        #expect(throws: UpstreamError.self) { try channel.writeInbound(part(.continue)) }
    }

    private func part(_ status: HTTPResponseStatus) -> HTTPClientResponsePart {
        .head(HTTPResponseHead(version: .http1_1, status: status))
    }

    /// One more than may come, and then nothing: the client itself says that it is enough.
    @Test func interimResponsesWithoutEnd() async throws {
        try await withUpstream { _, channel in
            for _ in 0...ResponseHeadHandler.maximumInterim { channel.reply("HTTP/1.1 100 Continue\r\n\r\n") }
        } test: { client, _ in
            #expect(await code { _ = try await client.execute(Self.head) } == .malformed)
        }
    }
}
