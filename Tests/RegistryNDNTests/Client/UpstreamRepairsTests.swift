import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// What the client reads of a blob because NDN gives it only faulty.
@Suite(.timeLimit(.minutes(1))) struct UpstreamRepairsTests {
    private static let digest = "sha256:" + String(repeating: "ab", count: 32)
    private static let octets = Array("0123456789".utf8)

    private func request(_ client: UpstreamClient, _ fields: HTTPHeaders = [:]) throws -> BlobPull {
        let blob = BlobName(
            prefix: Name([.generic("test")]), repository: try #require(RepositoryName("team/app")),
            digest: try #require(ContentDigest(Self.digest)))
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: "/v2/team/app/blobs/\(Self.digest)", headers: fields)
        return BlobPull(
            blob: blob, wanted: .whole, head: head,
            references: ReferenceRewriter(base: client.base, target: head.uri))
    }

    /// Asks for octets 3 to 6 of ten, in the name of a request.
    private func octets(
        _ client: UpstreamClient, _ request: BlobPull, _ tally: RepairTally, sizes: ClosedRange<UInt64> = 10...10
    ) async -> ByteBuffer? {
        let repairs = UpstreamRepairs(upstream: client)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await repairs.run() }
            defer { group.cancelAll() }
            return await withCheckedContinuation { continuation in
                repairs.repair(for: request, tally).request(3..<7, sizes) { continuation.resume(returning: $0) }
            }
        }
    }

    @Test(arguments: [10...10, 8...12] as [ClosedRange<UInt64>])
    func asksForTheRangeInTheNameOfTheRequest(sizes: ClosedRange<UInt64>) async throws {
        try await withUpstream { request, channel in
            channel.reply(
                "206 Partial Content", ["Content-Range: bytes 3-6/10"], body: Array(Self.octets[3...6]))
        } test: { client, server in
            let tally = RepairTally()
            // The range and the conditions of the request are for what it asked for.
            let fields: HTTPHeaders = [
                "Authorization": "Basic abc", "Range": "bytes=0-1", "If-None-Match": "x", "If-Range": "y",
            ]
            let octets = await octets(client, try request(client, fields), tally, sizes: sizes)
            #expect(octets.map { String(buffer: $0) } == "3456")
            let asked = try #require(server.requests.first)
            #expect(asked.uri == "/v2/team/app/blobs/\(Self.digest)")
            #expect(asked.fields["range"] == "bytes=3-6")
            #expect(asked.fields["authorization"] == "Basic abc")
            #expect(asked.fields["if-none-match"] == nil)
            #expect(asked.fields["if-range"] == nil)
            #expect(asked.fields["accept-encoding"] == "identity")
            #expect(tally.hasAnswered)
            #expect(tally.count == 4)
            #expect(tally.count(in: BlobParts([0..<5])) == 2)
            #expect(tally.count(in: BlobParts([7..<10])) == 0)
        }
    }

    private static let refused: [(status: String, fields: [String], octets: ArraySlice<UInt8>)] = [
        ("200 OK", [], octets[0...]), ("401 Unauthorized", [], octets[..<1]), ("404 Not Found", [], octets[..<0]),
        ("416 Range Not Satisfiable", ["Content-Range: bytes */3"], octets[..<0]),
        ("206 Partial Content", ["Content-Range: bytes 3-6/11"], octets[3...6]),
        ("206 Partial Content", ["Content-Range: bytes 3-5/10"], octets[3...5]),
        ("206 Partial Content", ["Content-Range: bytes 2-5/10"], octets[2...5]),
        ("206 Partial Content", ["Content-Range: bytes 3-6/10"], octets[3...7]),
        ("206 Partial Content", ["Content-Range: bytes 3-6/*"], octets[3...6]),
        ("206 Partial Content", ["Content-Range: bytes 3-6/10", "Content-Encoding: gzip"], octets[3...6]),
    ]

    @Test(arguments: refused.indices)
    func takesNothingElse(index: Int) async throws {
        let (status, fields, body) = Self.refused[index]
        try await withUpstream { _, channel in
            channel.reply(status, fields, body: Array(body))
        } test: { client, _ in
            let tally = RepairTally()
            let octets = await octets(client, try request(client), tally)
            #expect(octets == nil)
            #expect(tally.count == 0)
        }
    }

    /// Whoever cannot give ranges would send the whole blob for each.
    @Test func doesNotReadAWholeBlob() async throws {
        try await withUpstream { _, channel in
            // The body never comes.
            channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        } test: { client, _ in
            let tally = RepairTally()
            let octets = await octets(client, try request(client), tally)
            #expect(octets == nil)
            #expect(tally.hasAnswered)
        }
    }

    /// Two fetches of one request may both have read a segment.
    @Test func whatWasReadTwiceLeavesNoLessThanNothing() {
        let tally = RepairTally()
        tally.add(10..<20)
        tally.add(10..<20)
        var record = RequestRecord(
            head: HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/"), now: .uptimeNanoseconds(0))
        record.ndnBytes = 15
        record.subtract(tally, from: BlobParts([10..<100]))
        #expect(record.ndnBytes == 0)
    }

    @Test func whoMayHaveEachOthersOctets() async throws {
        try await withUpstream { _, _ in
        } test: { client, _ in
            try await withUpstream { _, _ in
            } test: { other, _ in
                func audience(_ client: UpstreamClient, _ fields: HTTPHeaders) throws -> SHA256Digest {
                    UpstreamRepairs(upstream: client).repair(for: try request(client, fields), RepairTally()).audience
                }
                let ann = try audience(client, ["Authorization": "Basic ann"])
                let nobody = try audience(client, [:])
                let same = try audience(client, ["Authorization": "Basic ann", "User-Agent": "another"])
                #expect(same == ann)
                let others = [
                    nobody, try audience(client, ["Authorization": "Basic bob"]),
                    try audience(other, ["Authorization": "Basic ann"]),
                    try audience(client, ["Authorization": "Basic ann", "Cookie": "a"]),
                    try audience(client, ["Cookie": "a"]),
                ]
                #expect(Set(others + [ann]).count == 6)
            }
        }
    }
}
