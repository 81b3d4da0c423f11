import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// A registry that asks who one is, and its token service under `/token`.
private struct Guard: Sendable {
    /// Without its realm.
    var challenges = [#"Bearer realm="REALM""#]
    var realm = "http://127.0.0.1:PORT/token"
    /// Status, fields and body of the token service's answer to a scope.
    var token: @Sendable (RawRequest) -> (String, [String], String) = { _ in ("200 OK", [], #"{"token":"good"}"#) }
    /// The status for an Authorization; nil asks for another.
    var admits: @Sendable (RawRequest, String?) -> String? = { _, authorization in
        authorization == "Bearer good" ? "200 OK" : nil
    }

    @Sendable func respond(_ request: RawRequest, _ channel: any Channel) {
        if request.uri.hasPrefix("/token") {
            let (status, fields, body) = token(request)
            return channel.reply(status, fields, body: Array(body.utf8))
        }
        if let status = admits(request, request.fields["authorization"]) {
            return channel.reply(status, body: Array("answer".utf8))
        }
        let port = channel.localAddress?.port ?? 0
        let realm = realm.replacingPort(port)
        let fields = challenges.map { "WWW-Authenticate: " + $0.replacingRealm(realm) }
        channel.reply("401 Unauthorized", fields, body: Array("who are you?".utf8))
    }
}

extension String {
    fileprivate func replacingPort(_ port: Int) -> String { split(separator: "PORT").joined(separator: "\(port)") }

    fileprivate func replacingRealm(_ realm: String) -> String {
        split(separator: "REALM", omittingEmptySubsequences: false).joined(separator: realm)
    }
}

private func head(_ method: HTTPMethod, _ uri: String, _ headers: HTTPHeaders = [:]) -> HTTPRequestHead {
    HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
}

private let manifest = "/v2/open/app/manifests/1"
private let password = Credential.password(user: "u", password: "p")
private let basic = "Basic dTpw"

/// For people who could log in, as nobody or with the credential that `read` gives after `credential`.
private func people(
    as credential: Credential? = nil, thenAs next: Credential? = nil
) -> UpstreamConfiguration {
    var configuration = UpstreamConfiguration()
    configuration.isForOthers = true
    configuration.retry.firstDelay = .milliseconds(2)
    if let credential {
        configuration.credentials = CredentialKeeper(credential, file: "f", logger: .silent) { next ?? credential }
    }
    return configuration
}

private func once(_ text: String) -> AsyncStream<ByteBuffer> { AsyncStream(once: ByteBuffer(string: text)) }

extension UpstreamResponse {
    fileprivate var text: String {
        get async throws { String(buffer: try await body.collect(upTo: 1 << 20) ?? ByteBuffer()) }
    }
}

@Suite struct UpstreamAuthorizationTests {
    @Test(arguments: [HTTPMethod.GET, .HEAD, .POST])
    func nobodyGetsATokenThatAnybodyGets(method: HTTPMethod) async throws {
        try await withUpstream(people(), respond: Guard().respond) { client, server in
            for _ in 1...2 {
                let answer = try await client.relay(head(method, manifest))
                #expect(answer.head.status == .ok)
                try await answer.discard()
            }
            let actions = method == .POST ? "pull%2Cpush" : "pull"
            let scope = "/token?scope=repository%3Aopen%2Fapp%3A\(actions)"
            #expect(server.requests.map(\.uri) == [manifest, scope, manifest, manifest])
        }
    }

    /// So that docker, which asks there, logs in.
    @Test func theRegistrysOwnQuestionGoesBack() async throws {
        try await withUpstream(people(), respond: Guard().respond) { client, server in
            let answer = try await client.relay(head(.GET, "/v2/"))
            #expect(answer.head.status == .unauthorized && answer.head.headers.contains(name: "www-authenticate"))
            #expect(try await answer.text == "who are you?")
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: ["refused", "401", "403 Forbidden", "404 Not Found", "broken"])
    func whoeverIsNotAnybodyHearsHowToLogIn(end: String) async throws {
        var registry = Guard()
        registry.token = { _ in
            switch end {
            case "refused": ("403 Forbidden", [], "{}")
            case "broken": ("500 Internal Server Error", [], "")
            default: ("200 OK", [], #"{"token":"good"}"#)
            }
        }
        registry.admits = { _, authorization in authorization == nil || end == "401" ? nil : end }
        try await withUpstream(people(), respond: registry.respond) { client, server in
            for _ in 1...2 {
                let answer = try await client.relay(head(.GET, manifest))
                #expect(answer.head.status == .unauthorized && answer.head.headers.contains(name: "www-authenticate"))
                #expect(try await answer.text == "who are you?")
            }
        }
    }

    /// One of a registry that is not this one, by path: also when the registry says 403.
    @Test(arguments: [false, true]) func aTokenOfAnotherRegistry(isForbidden: Bool) async throws {
        var registry = Guard()
        registry.admits = { _, authorization in
            switch authorization {
            case "Bearer good": "200 OK"
            case "Bearer other" where isForbidden: "403 Forbidden"
            default: nil
            }
        }
        try await withUpstream(people(), respond: registry.respond) { client, server in
            let brings: HTTPHeaders = ["Authorization": "Bearer other"]
            let passed = try await client.relay(head(.GET, manifest, brings))
            #expect(passed.head.status == (isForbidden ? .forbidden : .unauthorized))
            try await passed.discard()
            let answer = try await client.relay(head(.GET, manifest, brings), .init(replacesToken: true))
            #expect(answer.head.status == .ok)
        }
    }

    @Test func aManifestIsSentAgainWithTheAnswer() async throws {
        for challenge in ["Basic realm=x", #"Bearer realm="REALM",scope="repository:open/app:pull,push""#] {
            var registry = Guard()
            registry.challenges = [challenge]
            registry.admits = { _, authorization in
                authorization == basic || authorization == "Bearer good" ? "201 Created" : nil
            }
            try await withUpstream(people(as: password), respond: registry.respond) { client, server in
                let put = head(.PUT, manifest, ["Content-Length": "8"])
                let answer = try await client.relay(put, body: once("manifest"))
                #expect(answer.head.status == .created)
                let puts = server.requests.filter { $0.method == "PUT" }
                #expect(puts.map(\.body) == ["manifest", "manifest"])
            }
        }
    }

    @Test func aLargeBodyHasItsAnswerBeforeItIsSent() async throws {
        var registry = Guard()
        registry.challenges = [#"Bearer realm="REALM",service=s,scope="repository:other:pull""#]
        try await withUpstream(people(as: password), respond: registry.respond) { client, server in
            let upload = "/v2/open/app/blobs/uploads/1"
            for _ in 1...2 {
                let answer = try await client.relay(head(.PATCH, upload), body: once("octets"))
                #expect(answer.head.status == .ok)
                try await answer.discard()
            }
            let scope = "/token?service=s&scope=repository%3Aopen%2Fapp%3Apull%2Cpush"
            #expect(server.requests.map(\.uri) == ["/v2/", scope, upload, upload])
            // Another repository: what the registry asks is known by now.
            _ = try await client.relay(head(.PATCH, "/v2/b/blobs/uploads/1"), body: once("octets"))
            #expect(server.requests.suffix(2).map(\.method) == ["GET", "PATCH"])
        }
    }

    @Test func aRegistryThatAsksNobodyIsAskedOnce() async throws {
        var registry = Guard()
        registry.admits = { _, _ in "202 Accepted" }
        try await withUpstream(people(as: password), respond: registry.respond) { client, server in
            try await client.relay(head(.POST, "/v2/a/blobs/uploads/")).discard()
            for _ in 1...2 {
                try await client.relay(head(.PATCH, "/v2/a/blobs/uploads/1"), body: once("x")).discard()
            }
            #expect(server.requests.map(\.method) == ["POST", "PATCH", "PATCH"])
        }
    }

    /// 401 as most registries say it, 403 as ECR does.
    @Test(arguments: ["401", "403"]) func aSecretThatHasBeenReplaced(status: String) async throws {
        let new = Credential.password(user: "u", password: "new")
        var registry = Guard()
        registry.challenges = ["Basic realm=x"]
        registry.admits = { _, authorization in
            switch authorization {
            case new.basic: "200 OK"
            case basic where status == "403": "403 Forbidden"
            default: nil
            }
        }
        for isRead in [false, true] {
            try await withUpstream(people(as: password, thenAs: new), respond: registry.respond) { client, server in
                let get = head(.GET, manifest)
                let answer = try await isRead ? client.read(get) : client.relay(get)
                #expect(answer.head.status == .ok)
            }
        }
    }

    @Test func aPasswordThatStaysWrongEndsWithTheRegistrysWords() async throws {
        var registry = Guard()
        registry.token = { _ in ("401 Unauthorized", [], "") }
        registry.challenges.append("Basic realm=x")
        try await withUpstream(people(as: password), respond: registry.respond) { client, server in
            let answer = try await client.relay(head(.GET, manifest))
            #expect(answer.head.status == .unauthorized)
            #expect(try await answer.text == "who are you?")
            #expect(server.requests.filter { $0.uri == manifest }.count == 2, "without, and with the password")
        }
    }

    /// Some name a token service that is not there; some ask for a password once there is a token.
    @Test(arguments: ["404 Not Found", "200 OK"]) func theOtherSchemeIsTried(token: String) async throws {
        var registry = Guard()
        registry.token = { _ in (token, [], #"{"token":"useless"}"#) }
        registry.challenges.append("Basic realm=x")
        registry.admits = { _, authorization in authorization == basic ? "200 OK" : nil }
        try await withUpstream(people(as: password), respond: registry.respond) { client, server in
            let answer = try await client.relay(head(.GET, manifest))
            #expect(answer.head.status == .ok)
        }
    }

    @Test(arguments: ["429 Too Many Requests", "503 Service Unavailable"])
    func aBusyTokenServiceIsWaitedFor(status: String) async throws {
        let count = NIOLockedValueBox(0)
        var registry = Guard()
        registry.token = { _ in
            let isFirst = count.withLockedValue { count in
                count += 1
                return count == 1
            }
            return isFirst ? (status, ["Retry-After: 0"], "") : ("201 Created", [], #"{"token":"good"}"#)
        }
        try await withUpstream(people(), respond: registry.respond) { client, _ in
            let answer = try await client.relay(head(.GET, manifest))
            #expect(answer.head.status == .ok)
        }
    }

    @Test func aTokenServiceThatIsBusyForLongSaysSo() async throws {
        var registry = Guard()
        registry.token = { _ in ("429 Too Many Requests", ["Retry-After: 3600"], "") }
        try await withUpstream(people(), respond: registry.respond) { client, _ in
            let thrown = await #expect(throws: UpstreamError.self) { try await client.relay(head(.GET, manifest)) }
            let error = try #require(thrown)
            #expect(error.code == .later(status: 429, retryAfter: 3600))
            let record = RequestRecord(head: head(.GET, manifest), now: .now())
            #expect(ErrorResponse(to: error, record).status == .tooManyRequests)
            #expect(ErrorResponse(to: error, record).headers == ["Retry-After": "3600"])
        }
    }

    @Test(arguments: ["/api/keys", "/", "/v2x/a"])
    func nothingOfOursGoesElsewhereThanToTheApi(uri: String) async throws {
        var registry = Guard()
        registry.challenges = ["Basic realm=x"]
        try await withUpstream(people(as: password), respond: registry.respond) { client, server in
            try await client.relay(head(.GET, "/v2/a/tags/list")).discard()
            #expect(try await client.relay(head(.DELETE, uri)).head.status == .unauthorized)
            #expect(server.requests.last?.fields["authorization"] == nil && server.requests.last?.uri == uri)
        }
    }

    @Test func whoMustNotUseOurCredentialsIsNobody() async throws {
        var registry = Guard()
        registry.challenges = ["Basic realm=x"]
        registry.admits = { _, authorization in authorization == basic ? "200 OK" : nil }
        try await withUpstream(people(as: password), respond: registry.respond) { client, server in
            let answer = try await client.relay(head(.GET, manifest))
            #expect(answer.head.status == .ok)
            #expect(try await client.relay(head(.GET, manifest), .init(ours: false)).head.status == .unauthorized)
            #expect(server.requests.last?.fields["authorization"] == nil)
        }
    }

    @Test(arguments: [false, true]) func aTokenServiceElsewhereWithoutEncryption(isMeant: Bool) async throws {
        var registry = Guard()
        registry.realm = "http://localhost:PORT/token"
        var configuration = people(as: password)
        configuration.tellsInClear = isMeant
        try await withUpstream(configuration, respond: registry.respond) { client, server in
            let answer = try await client.relay(head(.GET, manifest))
            #expect(answer.head.status == (isMeant ? .ok : .unauthorized))
            #expect(server.requests.contains { $0.uri.hasPrefix("/token") } == isMeant)
        }
    }
}
