import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct ChallengeTests {
    private static func parse(_ fields: String...) -> [Challenge] {
        var headers = HTTPHeaders()
        for field in fields { headers.add(name: "WWW-Authenticate", value: field) }
        return Challenge.all(in: headers)
    }

    @Test func bearer() {
        let parsed = Self.parse(
            #"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#)
        #expect(
            parsed == [
                Challenge(
                    scheme: "bearer",
                    parameters: [
                        "realm": "https://auth.example/token", "service": "registry.example",
                        "scope": "repository:a/b:pull,push",
                    ])
            ])
    }

    @Test func severalInOneFieldAndInSeveral() {
        let parsed = Self.parse(#"Negotiate, BASIC Realm = "a \"b\"" , charset=UTF-8"#, "Bearer realm=x")
        #expect(parsed.map(\.scheme) == ["negotiate", "basic", "bearer"])
        #expect(parsed[1].parameters == ["realm": #"a "b""#, "charset": "UTF-8"])
    }

    @Test(arguments: ["", "=", ",,,", "Basic realm=\"open", "\"Basic\"", "Basic =x", "é", "realm=x"])
    func whatBreaksTheGrammarTellsNothing(_ field: String) {
        #expect(Self.parse(field).allSatisfy { $0.parameters.isEmpty })
    }
}

@Suite struct TokenTests {
    private func request(
        _ parameters: [String: String], _ method: HTTPMethod = .GET, _ target: String = "/v2/"
    ) throws -> TokenRequest? {
        let access = try #require(RegistryAccess(method, target))
        return try TokenRequest(Challenge(scheme: "bearer", parameters: parameters), for: access)
    }

    /// A registry that names no scope, or an empty one, means the one that the request needs.
    @Test(arguments: [nil, "", " "]) func aScopeThatIsNotNamed(scope: String?) throws {
        var parameters = ["realm": "https://auth.example/token"]
        parameters["scope"] = scope
        #expect(try request(parameters)?.uri == "/token")
        #expect(
            try request(parameters, .GET, "/v2/a/b/manifests/1")?.uri == "/token?scope=repository%3Aa%2Fb%3Apull")
        #expect(try request(parameters, .PUT, "/v2/a/manifests/1")?.scope == "repository:a:pull,push")
        #expect(try request(parameters, .GET, "/v2/_catalog")?.scope == "registry:catalog:*")
    }

    @Test func requestHoldsServiceAndEachScope() throws {
        let made = try #require(
            try request([
                "realm": "https://auth.example/token?a=b", "service": "my registry",
                "scope": "repository:a/b:pull repository:c:pull,push",
            ]))
        #expect(made.origin.description == "https://auth.example")
        #expect(
            made.uri
                == "/token?a=b&service=my%20registry&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%3Apull%2Cpush"
        )
        #expect(try request(["realm": "https://auth.example"])?.uri == "/")
        let access = try #require(RegistryAccess(.GET, "/v2/"))
        #expect(try TokenRequest(Challenge(scheme: "basic"), for: access) == nil)
    }

    @Test(arguments: [nil, "", "auth.example", "ftp://auth.example", "https://auth.example/?a b", "https://a/?x#y"])
    func realmsThatCannotBeUsed(_ realm: String?) {
        #expect(throws: UpstreamError.self) { try request(realm.map { ["realm": $0] } ?? [:]) }
    }

    @Test(arguments: [
        (#"{"token":"abc"}"#, 54.0), (#"{"access_token":"abc","expires_in":300}"#, 270),
        (#"{"token":"abc","expires_in":"300"}"#, 270),
        (#"{"token":"abc","expires_in":-5}"#, 54), (#"{"token":"abc","expires_in":1e300}"#, 77_760),
        (#"{"token":"","access_token":"abc","expires_in":1}"#, 54),
    ])
    func answers(text: String, seconds: Double) throws {
        let answer = try #require(TokenAnswer(ByteBuffer(string: text)))
        #expect(answer.authorization == "Bearer abc")
        #expect(Double(answer.lifetime.nanoseconds) / 1e9 == seconds)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"token":5}"#, #"{"token":"a\r\nX: y"}"#, #"{"token":""}"#, "{\"token\":\"ä\"}",
    ])
    func answersWithoutAToken(_ text: String) {
        #expect(TokenAnswer(ByteBuffer(string: text)) == nil)
    }
}

@Suite struct CredentialFileTests {
    private func credential(_ text: String, _ url: String) throws -> Credential {
        guard case .here(let credential) = try source(text, url) else { throw KeptElsewhere() }
        return credential
    }

    private struct KeptElsewhere: Error {}

    private func source(_ text: String, _ url: String) throws -> CredentialFile.Source {
        try CredentialFile(path: "f", text: text).source(for: try UpstreamURL(url))
    }

    private static let file = """
        {"auths": {
          "https://index.docker.io/v1/": {"auth": "dTpwOndpdGg6Y29sb25z"},
          "registry.example:5000": {"username": "a", "password": "b"},
          "quay.example": {"auth": "", "identitytoken": "t"},
          "broken.example": {"auth": "bm9jb2xvbg=="},
          "kept.example": {}
        }, "credHelpers": {"kept.example": "vault"}, "HttpHeaders": {"x": "y"}}
        """

    @Test(arguments: [
        (
            #"{"auths": {"kept.example": {}}, "credHelpers": {"kept.example": "vault-2"}}"#, "https://kept.example",
            "vault-2", "kept.example"
        ),
        (
            #"{"credsStore": "store", "credHelpers": {"other.example": "vault"}}"#, "http://kept.example:5000", "store",
            "kept.example:5000"
        ),
        (#"{"credsStore": "store"}"#, "https://registry-1.docker.io", "store", "https://index.docker.io/v1/"),
    ])
    func aHelperIsNamed(text: String, url: String, helper: String, server: String) throws {
        #expect(try source(text, url) == .kept(helper: helper, server: server))
    }

    @Test(arguments: ["../vault", "Vault", "a b", "a/b", "é"])
    func aHelperOfAnotherFormIsRefused(_ name: String) throws {
        let text = #"{"credsStore": "\#(name)"}"#
        #expect(throws: SecurityError.self) { try source(text, "https://kept.example") }
    }

    @Test func whatAHelperAnswers() {
        #expect(
            Credential(helperAnswer: #"{"ServerURL":"s","Username":"u","Secret":"p"}"#)
                == .password(user: "u", password: "p"))
        #expect(Credential(helperAnswer: #"{"Username":"<token>","Secret":"t"}"#) == .identityToken("t"))
        for text in [
            "", "credentials not found in native keychain", "{}", #"{"Username":"u","Secret":""}"#,
            #"{"Username":"","Secret":"p"}"#,
        ] {
            #expect(Credential(helperAnswer: text) == nil)
        }
    }

    /// A host as it is and as a URL: the first by name, not the one that a hash table gives.
    @Test func ofTwoEntriesForAHostOneIsTakenAlways() throws {
        let text =
            #"{"auths": {"https://r.example": {"username": "b", "password": "b"}, "r.example": {"username": "a", "password": "a"}}}"#
        for _ in 0..<20 {
            #expect(try credential(text, "https://r.example") == .password(user: "b", password: "b"))
        }
    }

    @Test func finds() throws {
        #expect(
            try credential(Self.file, "https://registry-1.docker.io") == .password(user: "u", password: "p:with:colons")
        )
        #expect(try credential(Self.file, "http://registry.example:5000") == .password(user: "a", password: "b"))
        #expect(try credential(Self.file, "https://quay.example") == .identityToken("t"))
    }

    @Test(arguments: [
        ("https://registry.example", "no credentials for registry.example, only for"),
        ("https://quay.example:444", "no credentials for quay.example:444"),
        ("https://broken.example", "not user:password"),
    ])
    func tellsWhatIsMissing(url: String, words: String) {
        #expect {
            try credential(Self.file, url)
        } throws: {
            "\($0)".contains(words)
        }
    }

    @Test func whatIsNoSuchFileIsNotQuoted() {
        #expect {
            try credential(#"{"auths": {"a": "secret"}}"#, "https://a")
        } throws: {
            !"\($0)".contains("secret")
        }
    }

    @Test func descriptionsTellNoSecret() {
        #expect(!"\(Credential.password(user: "u", password: "secret"))".contains("secret"))
        #expect(!"\(Credential.identityToken("secret"))".contains("secret"))
    }
}

@Suite struct RepositoryPatternTests {
    @Test(arguments: [
        ("team/app", "team/app", true), ("team/app", "team/app2", false), ("team/app", "team", false),
        ("team/*", "team/app", true), ("team/*", "team/a/b", false), ("team/*", "team", false),
        ("team/**", "team/a/b/c", true), ("team/**", "team", false), ("**", "a/b", true), ("*", "a/b", false),
        ("**/app", "a/b/app", true), ("**/app", "app", false), ("a/**/z", "a/b/c/z", true), ("a/**/z", "a/z", false),
        ("team/app-*", "team/app-x", true), ("team/app-*", "team/app", false), ("t*m/*p*", "team/apple", true),
        ("*a*b", "xaxbxb", true), ("*a*b", "xaxbx", false),
    ])
    func matches(pattern: String, repository: String, expected: Bool) throws {
        let pattern = try #require(RepositoryPattern(pattern))
        #expect(pattern.matches(try #require(RepositoryName(repository))) == expected)
    }

    @Test(arguments: ["", "/", "/a", "a//b", "Team/*", "a b", "../*", "team/"]) func refuses(_ text: String) {
        #expect(RepositoryPattern(text) == nil)
    }
}
