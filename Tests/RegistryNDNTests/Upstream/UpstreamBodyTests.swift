import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

private func put(_ headers: HTTPHeaders = [:]) -> HTTPRequestHead {
    HTTPRequestHead(version: .http1_1, method: .PUT, uri: "/u", headers: headers)
}

private func body(_ parts: [String]) -> AsyncStream<ByteBuffer> {
    AsyncStream { continuation in
        for part in parts { continuation.yield(ByteBuffer(string: part)) }
        continuation.finish()
    }
}

@Suite struct UpstreamRequestBodyTests {
    @Test func framing() async throws {
        try await withUpstream { request, channel in
            channel.reply("201 Created", body: [])
        } test: { client, server in
            _ = try await client.execute(put(), body: body(["ab", "cde"]))
            _ = try await client.execute(put(["Content-Length": "5"]), body: body(["ab", "cde"]))
            _ = try await client.execute(put())
            let requests = server.requests
            #expect(requests.count == 3)
            #expect(requests[0].fields["transfer-encoding"] == "chunked")
            #expect(requests[0].body == "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
            #expect(requests[1].fields["transfer-encoding"] == nil)
            #expect(requests[1].body == "abcde")
            #expect(requests[2].fields["content-length"] == "0")
        }
    }

    /// The upstream says no while the body is still to come: the answer arrives, the body is not waited for.
    @Test func earlyRefusal() async throws {
        try await withUpstream { _, channel in
            channel.reply("401 Unauthorized", body: Array("no".utf8))
        } test: { client, _ in
            let (endless, continuation) = AsyncStream<ByteBuffer>.makeStream()
            continuation.yield(ByteBuffer(string: "first"))
            let response = try await client.execute(put(["X-Early": "1"]), body: endless)
            #expect(response.head.status == .unauthorized)
            var text = ""
            for try await chunk in response.body { text += String(buffer: chunk) }
            #expect(text == "no")
            continuation.finish()
        }
    }

    @Test func failingBodyFailsTheRequest() async throws {
        struct Broken: Error {}
        try await withUpstream { _, _ in
        } test: { client, _ in
            let broken = AsyncThrowingStream<ByteBuffer, any Error> { $0.finish(throwing: Broken()) }
            await #expect(throws: (any Error).self) { try await client.execute(put(), body: broken) }
        }
    }
}

@Suite struct UpstreamBlobRangeTests {
    private let repository = RepositoryName("library/alpine")!
    private let digest = ContentDigest("sha256:" + String(repeating: "ab", count: 32))!

    @Test func asksForIdentityOctets() async throws {
        try await withUpstream { request, channel in
            channel.reply("206 Partial Content", ["Content-Range: bytes 2-4/9"], body: [2, 3, 4])
        } test: { client, server in
            let response = try await client.blobRange(
                repository: repository, digest: digest, offset: 2, length: 3, headers: ["Authorization": "Bearer x"])
            #expect(response.verdict == .partial(length: 3, total: 9))
            var octets = ByteBuffer()
            for try await chunk in response.body { octets.writeImmutableBuffer(chunk) }
            #expect(octets == ByteBuffer(bytes: [2, 3, 4]))
            let request = try #require(server.requests.first)
            #expect(request.uri == "/v2/library/alpine/blobs/\(digest)")
            #expect(request.fields["range"] == "bytes=2-4")
            #expect(request.fields["accept-encoding"] == "identity")
            #expect(request.fields["authorization"] == "Bearer x")
        }
    }

    @Test(arguments: ["bytes 0-2/9", "bytes 2-5/9", "bytes 2-4/*", "nonsense"])
    func wrongContentRange(_ value: String) async throws {
        try await withUpstream { _, channel in
            channel.reply("206 Partial Content", ["Content-Range: \(value)"], body: [2, 3, 4])
        } test: { client, _ in
            do {
                _ = try await client.blobRange(repository: repository, digest: digest, offset: 2, length: 3)
                Issue.record("not refused")
            } catch let error as UpstreamError {
                #expect(error.code == .range)
            }
        }
    }

    @Test func ignoredRangeIsReported() async throws {
        try await withUpstream { _, channel in
            channel.reply("200 OK", body: [0, 1, 2, 3])
        } test: { client, _ in
            let response = try await client.blobRange(repository: repository, digest: digest, offset: 2)
            #expect(response.verdict == .whole(length: 4))
        }
    }

    /// In chunked coding nothing but the count of octets tells that some are missing or too many.
    @Test(arguments: ["2\r\nab\r\n0\r\n\r\n", "4\r\nabcd\r\n0\r\n\r\n"])
    func wrongCountInChunkedCoding(_ chunks: String) async throws {
        try await withUpstream { _, channel in
            channel.reply(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/9\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chunks)
        } test: { client, _ in
            let response = try await client.blobRange(repository: repository, digest: digest, offset: 2, length: 3)
            await #expect(throws: UpstreamError.self) {
                for try await _ in response.body {}
            }
        }
    }
}
