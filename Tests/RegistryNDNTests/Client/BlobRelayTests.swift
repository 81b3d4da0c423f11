import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// What a client does for a blob that the registry has at a storage service, when NDN does not deliver or is not asked.
@Suite(.timeLimit(.minutes(1))) struct BlobRelayTests {
    private static let octets = Array("0123456789".utf8)
    private static let digest = ContentDigest(sha256: SHA256.hash(ByteBuffer(bytes: octets)))
    private static let path = "/v2/team/app/blobs/\(digest)"
    private static let tag = "\"\(digest)\""

    private struct Answer {
        var status: HTTPResponseStatus
        var headers: HTTPHeaders
        var body: String
    }

    /// One request through an endpoint whose registry answers as `registry` says, and its storage service as `storage` does.
    private func ask(
        _ policy: FallbackPolicy, _ method: HTTPMethod, _ headers: HTTPHeaders = [:],
        registry: @escaping @Sendable (RawRequest, any Channel, _ storage: String) -> Void = Self.redirects,
        storage: @escaping RawHTTPServer.Respond = Self.stores
    ) async throws -> (Answer, asked: [RawRequest]) {
        let store = try await RawHTTPServer(respond: storage)
        let url = store.url
        let front = try await RawHTTPServer { registry($0, $1, url) }
        let upstream = client(try UpstreamURL(front.url))
        let site = RegistrySite(
            prefix: Name([.generic("test")]), source: BlobSource(network: NoNetwork()), upstream: upstream,
            policy: policy, logger: .silent)
        let responder = ClientResponder(
            sites: [site], upstreams: try UpstreamSet([.init(hosts: [], isDefault: true)]), logger: .silent)
        let answer = try await withEndpoint(responder) { address in
            let us = client(try UpstreamURL("http://127.0.0.1:\(address.port ?? 0)"))
            defer { us.shutdown() }
            let response = try await us.execute(
                HTTPRequestHead(version: .http1_1, method: method, uri: Self.path, headers: headers))
            let body = try await response.body.collect(upTo: 1000)
            return Answer(
                status: response.head.status, headers: response.head.headers,
                body: body.map { String(buffer: $0) } ?? "")
        }
        upstream.shutdown()
        let asked = store.requests
        try await front.close()
        try await store.close()
        return (answer, asked)
    }

    /// What is no use of NDN's fault: the registry does not give the blob either.
    @Test(
        arguments: ["404 Not Found", "401 Unauthorized", "403 Forbidden", "200 OK"],
        [HTTPHeaders(), ["Range": "bytes=2-3"]])
    func onlyABlobThatIsToBeHadTellsThatNDNIsOfNoUse(status: String, headers: HTTPHeaders) async throws {
        let front = try await RawHTTPServer { $1.reply(status, [], body: Self.octets) }
        let upstream = client(try UpstreamURL(front.url))
        for policy in [FallbackPolicy.proxy, .fail] {
            let site = RegistrySite(
                prefix: Name([.generic("test")]), source: BlobSource(network: NoNetwork()), upstream: upstream,
                policy: policy, logger: .silent)
            let responder = ClientResponder(
                sites: [site], upstreams: try UpstreamSet([.init(hosts: [], isDefault: true)]), logger: .silent)
            try await withEndpoint(responder) { address in
                let us = client(try UpstreamURL("http://127.0.0.1:\(address.port ?? 0)"))
                defer { us.shutdown() }
                let response = try await us.execute(
                    HTTPRequestHead(version: .http1_1, method: .GET, uri: Self.path, headers: headers))
                _ = try await response.body.collect(upTo: 1000)
            }
            let isSign = status == "200 OK"
            while site.totals.values.requests == 0 { await Task.yield() }
            #expect(site.path.snapshot().fallback?.reason == (isSign ? .noRoute : nil))
            #expect(site.totals.values.fallbacksByReason == [isSign ? .noRoute : .refused: 1])
        }
        upstream.shutdown()
        try await front.close()
    }

    private func client(_ url: UpstreamURL) -> UpstreamClient {
        UpstreamClient(base: url, group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
    }

    @Sendable private static func redirects(_: RawRequest, _ channel: any Channel, _ storage: String) {
        channel.reply("307 Temporary Redirect", ["Location: \(storage)/blob", "Set-Cookie: a=b"], body: [])
    }

    /// As object stores do: an entity-tag of its own, and cookies.
    @Sendable private static func stores(_ request: RawRequest, _ channel: any Channel) {
        let fields = ["ETag: \"md5\"", "Set-Cookie: c=d", "Accept-Ranges: bytes", "Access-Control-Allow-Origin: *"]
        let isMet = request.fields["if-range"].map { $0 == "\"md5\"" } ?? true
        if request.fields["if-match"] != nil { return channel.reply("412 Precondition Failed", fields, body: []) }
        if request.method == "HEAD" {
            return channel.reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n")
        }
        if request.fields["range"] == "bytes=0-0,-2" {
            let type = "Content-Type: multipart/byteranges; boundary=x"
            return channel.reply("206 Partial Content", fields + [type], body: Array("--x".utf8))
        }
        guard let range = request.range, isMet else { return channel.reply("200 OK", fields, body: octets) }
        let last = range.last ?? 9
        channel.reply(
            "206 Partial Content", fields + ["Content-Range: bytes \(range.first)-\(last)/10"],
            body: Array(octets[range.first...last]))
    }

    @Test(
        arguments: [
            (.GET, [:], 200, "0123456789"), (.HEAD, [:], 200, ""),
            (.GET, ["Range": "bytes=2-4"], 206, "234"), (.GET, ["Range": "bytes=2-4", "If-Range": tag], 206, "234"),
            (.GET, ["Range": "bytes=0-0,-2"], 206, "--x"), (.GET, ["If-Match": tag], 200, "0123456789"),
            (.GET, ["If-None-Match": tag], 304, ""), (.GET, ["If-None-Match": "\"x\""], 200, "0123456789"),
            (.GET, ["If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"], 200, "0123456789"),
        ] as [(HTTPMethod, HTTPHeaders, UInt, String)])
    func whateverIsAskedComesFromTheStorage(
        method: HTTPMethod, headers: HTTPHeaders, status: UInt, body: String
    ) async throws {
        let (answer, asked) = try await ask(.proxy, method, headers)
        #expect(answer.status.code == status && answer.body == body)
        #expect(asked.map(\.method) == [method.rawValue])
        #expect(answer.headers["etag"] == [Self.tag])
        #expect(answer.headers["docker-content-digest"] == ["\(Self.digest)"])
        // Those are between the service and who asks it.
        for name in ["location", "set-cookie", "access-control-allow-origin"] {
            #expect(!answer.headers.contains(name: name))
        }
        if method == .HEAD { #expect(answer.headers["content-length"] == ["10"]) }
    }

    @Test(arguments: ["bytes=0-", "bytes=0-9", "BYTES=0-99999999999999999999"])
    func allOfABlobIsVerifiedThoughItIsAskedForAsARange(range: String) async throws {
        let (right, _) = try await ask(.proxy, .GET, ["Range": "\(range)"])
        #expect(right.status == .partialContent && right.body == "0123456789")
        let (wrong, _) = try await ask(.proxy, .GET, ["Range": "\(range)"]) { _, channel, _ in
            channel.reply("206 Partial Content", ["Content-Range: bytes 0-9/10"], body: Array("012345678x".utf8))
        }
        #expect(wrong.status == .badGateway && wrong.body.contains("wrong digest"), "\(wrong.body)")
    }

    /// Bytes that the upstream gives wrong say nothing against NDN, and later parts of the blob need not be the whole of it.
    @Test(arguments: [[:], ["Range": "bytes=0-"]] as [HTTPHeaders])
    func theUpstreamsOwnFaultDoesNotRuleNDNOut(headers: HTTPHeaders) async throws {
        let isWrong = NIOLockedValueBox(true)
        let front = try await RawHTTPServer { request, channel in
            guard isWrong.withLockedValue({ $0 }) else { return Self.stores(request, channel) }
            let field = request.range == nil ? [] : ["Content-Range: bytes 0-9/10"]
            channel.reply(field.isEmpty ? "200 OK" : "206 Partial Content", field, body: Array("012345678x".utf8))
        }
        let upstream = client(try UpstreamURL(front.url))
        let site = RegistrySite(
            prefix: Name([.generic("test")]), source: BlobSource(network: NoNetwork()), upstream: upstream,
            logger: .silent)
        let responder = ClientResponder(
            sites: [site], upstreams: try UpstreamSet([.init(hosts: [], isDefault: true)]), logger: .silent)
        try await withEndpoint(responder) { address in
            let us = client(try UpstreamURL("http://127.0.0.1:\(address.port ?? 0)"))
            defer { us.shutdown() }
            func get(_ headers: HTTPHeaders) async throws -> UpstreamResponse {
                try await us.execute(
                    HTTPRequestHead(version: .http1_1, method: .GET, uri: Self.path, headers: headers))
            }
            let wrong = try await get(headers)
            #expect(wrong.head.status == .badGateway)
            try await wrong.discard()
            #expect(!site.blobs.poisoned.contains(Self.digest))
            isWrong.withLockedValue { $0 = false }
            let part = try await get(["Range": "bytes=2-4"])
            #expect(part.head.status == .partialContent)
            let octets = try await part.body.collect(upTo: 100)
            #expect(octets == ByteBuffer(string: "234"))
        }
        upstream.shutdown()
        try await front.close()
    }

    @Test(
        arguments: [
            ("206 Partial Content", ["Content-Length: 1"], [:], "no Content-Range"),
            ("206 Partial Content", ["Content-Length: 1"], ["Range": "bytes=-5"], "no Content-Range"),
            (
                "206 Partial Content", ["Content-Length: 0", "Content-Range: bytes 5-4/10"], ["Range": "bytes=-5"],
                "Content-Range bytes 5-4/10, which names no bytes"
            ),
            (
                "206 Partial Content", ["Content-Length: 0", "Content-Range: bytes 5-4/10"], ["Range": "bytes=5-"],
                "Content-Range bytes 5-4/10"
            ),
            ("999 Odd", ["Content-Length: 1"], [:], "999"),
            ("200 OK", ["Content-Length: 9223372036854775808"], [:], "9223372036854775808"),
        ] as [(String, [String], HTTPHeaders, String)])
    func answersThatAreNoneAreNotPassedOn(
        status: String, fields: [String], headers: HTTPHeaders, words: String
    ) async throws {
        let (answer, _) = try await ask(.proxy, .GET, headers) { _, channel, _ in
            channel.reply("HTTP/1.1 \(status)\r\n\(fields.joined(separator: "\r\n"))\r\n\r\nx")
        }
        #expect(answer.status == .badGateway && answer.body.contains(words), "\(answer.body)")
    }

    @Test func partsComeFromTheStorageInSingleRanges() async throws {
        let (answer, asked) = try await ask(.proxy, .GET, ["Range": "bytes=0-0,2-2"])
        #expect(answer.status == .partialContent)
        #expect(answer.body.contains("Content-Range: bytes 0-0/10\r\n") && answer.body.contains("\r\n\r\n0\r\n--"))
        #expect(answer.body.contains("Content-Range: bytes 2-2/10\r\n") && answer.body.contains("\r\n\r\n2\r\n--"))
        #expect(asked.map { $0.fields["range"] } == ["bytes=0-2"])
        #expect(answer.headers["etag"] == [Self.tag] && !answer.headers.contains(name: "set-cookie"))
    }

    @Test(arguments: [HTTPMethod.GET, .HEAD]) func aLinkThatIsOverIsAskedForAgain(method: HTTPMethod) async throws {
        let links = NIOLockedValueBox(0)
        let (answer, asked) = try await ask(.proxy, method, ["Range": "bytes=2-4"]) { _, channel, storage in
            let number = links.withLockedValue { number in
                number += 1
                return number
            }
            channel.reply("307 Temporary Redirect", ["Location: \(storage)/\(number)"], body: [])
        } storage: { request, channel in
            if request.uri == "/1" { return channel.reply("403 Forbidden", body: []) }
            Self.stores(request, channel)
        }
        #expect(answer.status == (method == .GET ? .partialContent : .ok))
        #expect(asked.map(\.uri) == ["/1", "/2"])
    }

    /// Some registries sign links for GET whatever they are asked.
    @Test func aLinkThatIsGoodForGETAloneAnswersHEAD() async throws {
        let storage: RawHTTPServer.Respond = { request, channel in
            if request.method == "HEAD" {
                return channel.reply("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n")
            }
            Self.stores(request, channel)
        }
        let (answer, asked) = try await ask(.proxy, .HEAD, storage: storage)
        #expect(answer.status == .ok && answer.headers["content-length"] == ["10"] && answer.body.isEmpty)
        #expect(asked.last?.method == "GET")
    }

    @Test(arguments: [HTTPMethod.GET, .HEAD]) func redirectKeepsTheRedirection(method: HTTPMethod) async throws {
        let (answer, asked) = try await ask(.redirect, method, ["If-Match": Self.tag])
        #expect(answer.status == .temporaryRedirect && asked.isEmpty)
        #expect(answer.headers.first(name: "location")?.hasSuffix("/blob") == true)
    }

    @Test(
        arguments: [
            (.GET, [:]), (.HEAD, [:]), (.GET, ["Range": "bytes=2-4"]), (.GET, ["Range": "bytes=0-0,2-2"]),
            (.GET, ["If-None-Match": tag]),
        ] as [(HTTPMethod, HTTPHeaders)])
    func failDoesNotTellWhereItIs(method: HTTPMethod, headers: HTTPHeaders) async throws {
        let (answer, asked) = try await ask(.fail, method, headers)
        #expect(answer.status == .gatewayTimeout && asked.isEmpty)
        #expect(!answer.headers.contains(name: "location"))
    }

    @Test(arguments: [
        ("404 Not Found", "BLOB_UNKNOWN"), ("401 Unauthorized", "UNAUTHORIZED"), ("403 Forbidden", "DENIED"),
    ])
    func failSaysWhatTheRegistrySaysOfABlobThatIsNotThere(status: String, code: String) async throws {
        let (answer, _) = try await ask(.fail, .GET) { request, channel, _ in
            #expect(request.method == "HEAD")
            channel.reply("HTTP/1.1 \(status)\r\nContent-Length: 99\r\nWWW-Authenticate: Basic realm=x\r\n\r\n")
        }
        #expect("\(answer.status.code)" == status.prefix(3))
        #expect(answer.body.contains(code))
        #expect(answer.headers["www-authenticate"] == ["Basic realm=x"])
    }

    @Test(arguments: ["200 OK", "500 Internal Server Error", "429 Too Many Requests"])
    func failIsAFailureWhenTheBlobMayBeThere(status: String) async throws {
        let (answer, _) = try await ask(.fail, .GET) { _, channel, _ in
            channel.reply("HTTP/1.1 \(status)\r\nContent-Length: 10\r\n\r\n")
        }
        #expect(answer.status == .gatewayTimeout)
    }
}
