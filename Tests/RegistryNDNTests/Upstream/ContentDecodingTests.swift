import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// Answers in a content coding, where gzip is asked for and where it is not.
@Suite struct ContentDecodingTests {
    private static let text = #"{"token":"from gzip"}"#
    /// The same as gzip writes it (RFC 1952), and as zlib does (RFC 1950).
    private static let gzip: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x2a, 0xc9, 0xcf, 0x4e,
        0xcd, 0x53, 0xb2, 0x52, 0x4a, 0x2b, 0xca, 0xcf, 0x55, 0x48, 0xaf, 0xca, 0x2c, 0x50, 0xaa, 0x05,
        0x00, 0x11, 0x79, 0x07, 0xd8, 0x15, 0x00, 0x00, 0x00,
    ]
    private static let deflate: [UInt8] = [
        0x78, 0x9c, 0xab, 0x56, 0x2a, 0xc9, 0xcf, 0x4e, 0xcd, 0x53, 0xb2, 0x52, 0x4a, 0x2b, 0xca, 0xcf,
        0x55, 0x48, 0xaf, 0xca, 0x2c, 0x50, 0xaa, 0x05, 0x00, 0x51, 0x07, 0x07, 0x6a,
    ]
    /// 65 536 zeros.
    private static let zeros: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x01, 0x01, 0x00, 0x00,
        0x00, 0x80, 0x90, 0xfe, 0xaf, 0xee, 0x08, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x6a, 0xeb, 0x8e, 0x97, 0xd7, 0x00, 0x00, 0x01, 0x00,
    ]

    /// Asks twice, the second time on the connection of the first; what the last answer was.
    private func ask(limit: Int?, coding: String?, _ octets: [UInt8]) async throws -> (body: String, asked: String?) {
        var configuration = UpstreamConfiguration()
        configuration.decodedLimit = limit
        var result = (body: "", asked: String?.none)
        try await withUpstream(configuration) { _, channel in
            channel.reply("200 OK", coding.map { ["Content-Encoding: \($0)"] } ?? [], body: octets)
        } test: { client, server in
            for _ in 1...2 {
                let response = try await client.execute(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"))
                #expect(response.head.headers.contains(name: "Content-Encoding") == (limit == nil && coding != nil))
                result.body = String(buffer: try #require(try await response.body.collect(upTo: 1 << 20)))
            }
            #expect(server.connections == 1)
            result.asked = server.requests.last?.fields["accept-encoding"]
        }
        return result
    }

    @Test(arguments: [("gzip", gzip), ("GZIP", gzip), ("deflate", deflate), (nil, Array(text.utf8))])
    func isUndone(coding: String?, octets: [UInt8]) async throws {
        let (body, asked) = try await ask(limit: Self.text.utf8.count, coding: coding, octets)
        #expect(body == Self.text)
        #expect(asked == "gzip")
    }

    @Test func isLeftAloneWhereNobodyAskedForIt() async throws {
        let (body, asked) = try await ask(limit: nil, coding: "gzip", Array(Self.text.utf8))
        #expect(body == Self.text)
        #expect(asked == nil)
    }

    @Test(arguments: [
        ("gzip", Array(gzip.dropLast(9)), "cannot be decompressed"),
        ("gzip", gzip + [0], "cannot be decompressed"),
        ("gzip", Array(text.utf8), "cannot be decompressed"),
        ("gzip", zeros, "too large"),
        ("br", gzip, "content coding br"),
        ("gzip, gzip", gzip, "content coding gzip, gzip"),
    ])
    func whatCannotBeUndoneIsAnError(coding: String, octets: [UInt8], words: String) async throws {
        let error = await #expect(throws: UpstreamError.self) {
            try await ask(limit: 65_535, coding: coding, octets)
        }
        #expect(error?.code == .malformed)
        #expect("\(error as Any)".contains(words))
    }
}
