import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// Runs an endpoint with a certificate of the tests.
private func withSecureEndpoint(
    limits: HTTPLimits = HTTPLimits(), _ test: (SocketAddress, EndpointCertificate) async throws -> Void
) async throws {
    let certificate = try EndpointCertificate(
        certificate: TestCertificate.path("good.pem"), key: TestCertificate.path("leaf.key"))
    try await withEndpoint(echo, limits: limits, certificate: certificate) { address in
        try await test(address, certificate)
    }
}

@Suite struct TLSEndpointTests {
    /// Many connections, each with its request right behind the handshake: none is lost while the endpoint takes it over.
    @Test func requestsOnNewConnections() async throws {
        try await withSecureEndpoint { address, _ in
            let context = try TestCertificate.upstream()
            for number in 0..<50 {
                var configuration = UpstreamConfiguration()
                configuration.tls = context
                let client = UpstreamClient(
                    base: try UpstreamURL("https://127.0.0.1:\(address.port!)"),
                    group: MultiThreadedEventLoopGroup.singleton, configuration: configuration, logger: .silent)
                let answer = try await client.execute(
                    HTTPRequestHead(version: .http1_1, method: .GET, uri: "/\(number)"))
                var body = ByteBuffer()
                for try await chunk in answer.body { body.writeImmutableBuffer(chunk) }
                #expect(String(buffer: body) == "GET /\(number)\n")
                client.shutdown()
            }
        }
    }

    @Test func bodiesBothWays() async throws {
        try await withSecureEndpoint { address, _ in
            var configuration = UpstreamConfiguration()
            configuration.tls = try TestCertificate.upstream()
            let client = UpstreamClient(
                base: try UpstreamURL("https://127.0.0.1:\(address.port!)"),
                group: MultiThreadedEventLoopGroup.singleton, configuration: configuration, logger: .silent)
            defer { client.shutdown() }
            let octets = ByteBuffer(repeating: 0x61, count: 1 << 20)
            let parts = AsyncStream<ByteBuffer> { stream in
                for _ in 0..<4 { stream.yield(octets) }
                stream.finish()
            }
            let answer = try await client.execute(
                HTTPRequestHead(version: .http1_1, method: .PUT, uri: "/x"), body: parts)
            var count = 0
            for try await chunk in answer.body { count += chunk.readableBytes }
            #expect(count == "PUT /x\n".utf8.count + 4 << 20)
        }
    }

    @Test func plainHTTPIsToldSo() async throws {
        try await withSecureEndpoint { address, _ in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try await connection.response()
                #expect(response.status == 400)
                #expect(response.text.contains("use https://"))
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test func otherOctetsAreClosedAtOnce() async throws {
        try await withSecureEndpoint { address, _ in
            try await RawConnection.with(address) { connection in
                try await connection.send([0, 1, 2, 3])
                #expect(await connection.toEnd() == "")
            }
        }
    }

    /// A record that is no handshake is answered with an alert; the connection ends either way.
    @Test func aBadHandshakeEnds() async throws {
        try await withSecureEndpoint { address, _ in
            try await RawConnection.with(address) { connection in
                try await connection.send([0x16, 3, 1, 0, 5, 9, 9, 9, 9, 9])
                let answer = await connection.toEnd()
                #expect(answer.utf8.count <= 7)
            }
        }
    }

    @Test(arguments: [[], [0x16], [0x16, 3, 1, 2, 0, 1, 0]] as [[UInt8]])
    func aStalledHandshakeEnds(octets: [UInt8]) async throws {
        var limits = HTTPLimits()
        limits.handshakeTimeout = .milliseconds(100)
        try await withSecureEndpoint(limits: limits) { address, _ in
            try await RawConnection.with(address) { connection in
                if !octets.isEmpty { try await connection.send(octets) }
                #expect(await connection.toEnd() == "")
            }
        }
    }

    @Test func badFilesKeepTheOldCertificate() throws {
        #expect(throws: TLSError.self) {
            try EndpointCertificate(
                certificate: TestCertificate.path("good.pem"), key: TestCertificate.path("client.key"))
        }
    }
}
