import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct AuthorizationCacheTests {
    private let now = NIODeadline.uptimeNanoseconds(1 << 40)
    private let bearer = [Challenge(scheme: "bearer", parameters: ["realm": "https://auth.example/token"])]
    private let access = RegistryAccess(.GET, "/v2/a/tags/list")!
    private var key: AuthorizationCache.Key { AuthorizationCache.Key(access, as: nil) }

    /// A token service that gives t1, t2, …
    private final class Service: Sendable {
        private let count = NIOLockedValueBox(0)
        var issued: Int { count.withLockedValue { $0 } }

        @Sendable func fetch(_: TokenRequest, _: Credential?) throws -> TokenAnswer? {
            let number = count.withLockedValue { count in
                count += 1
                return count
            }
            return TokenAnswer(ByteBuffer(string: #"{"token":"t\#(number)","expires_in":300}"#))
        }
    }

    private func answer(
        _ authorizations: AuthorizationCache, _ challenges: [Challenge], refused: Set<String> = [],
        as credential: Credential? = nil, fetch: @escaping AuthorizationCache.Fetch
    ) async throws -> String? {
        try await authorizations.answer(
            challenges, to: .init(refused: refused), access, for: AuthorizationCache.Key(access, as: credential),
            now: now,
            fetch: fetch
        ).authorization
    }

    @Test func aTokenIsUsedUntilItExpires() async throws {
        let service = Service()
        let authorizations = AuthorizationCache()
        #expect(await authorizations.standing(for: key, now: now) == nil)
        #expect(try await answer(authorizations, bearer, fetch: service.fetch) == "Bearer t1")
        #expect(await authorizations.standing(for: key, now: now + .seconds(269)) == .authorized("Bearer t1"))
        let other = AuthorizationCache.Key(RegistryAccess(.GET, "/v2/b/tags/list")!, as: nil)
        #expect(await authorizations.standing(for: other, now: now) == nil)
        let late = now + .seconds(271)
        #expect(await authorizations.standing(for: key, now: late) == nil)
        #expect(
            try await authorizations.renewed(for: key, now: late, fetch: service.fetch) == .authorized("Bearer t2"))
    }

    @Test func whatIsKnownForUsIsNotForNobody() async throws {
        let authorizations = AuthorizationCache()
        let credential = Credential.password(user: "u", password: "p")
        _ = try await answer(authorizations, bearer, as: credential, fetch: Service().fetch)
        #expect(await authorizations.standing(for: key, now: now) == nil)
        #expect(await authorizations.standing(for: .init(access, as: credential), now: now) != nil)
    }

    /// Nobody has refused it: a service that keeps its tokens gives the same one, for longer. And all who renew it get it.
    @Test func theSameTokenMayComeAgain() async throws {
        let authorizations = AuthorizationCache()
        let same: AuthorizationCache.Fetch = { _, _ in
            TokenAnswer(ByteBuffer(string: #"{"token":"t","expires_in":300}"#))
        }
        _ = try await answer(authorizations, bearer, fetch: same)
        let late = now + .seconds(271)
        async let one = authorizations.renewed(for: key, now: late, fetch: same)
        async let other = authorizations.renewed(for: key, now: late, fetch: same)
        #expect(try await [one, other] == [.authorized("Bearer t"), .authorized("Bearer t")])
        #expect(await authorizations.standing(for: key, now: late) == .authorized("Bearer t"))
    }

    /// Several requests are refused with one token: the first gets a new one, the others take that.
    @Test func aLateRefusalCostsNoToken() async throws {
        let service = Service()
        let authorizations = AuthorizationCache()
        func answer(_ refused: Set<String>, _ challenges: [Challenge]) async throws -> String? {
            try await self.answer(authorizations, challenges, refused: refused, fetch: service.fetch)
        }
        _ = try await answer([], bearer)
        #expect(try await answer(["Bearer t1"], bearer) == "Bearer t2")
        #expect(try await answer(["Bearer t1"], bearer) == "Bearer t2")
        #expect(service.issued == 2)
        // A challenge for more than that token was asked for is not answered with it.
        var wider = bearer
        wider[0].parameters["scope"] = "repository:b:pull"
        #expect(try await answer(["Bearer t1"], wider) == "Bearer t3")
    }

    @Test func onlyWhatWasRefusedIsForgotten() async throws {
        let authorizations = AuthorizationCache()
        _ = try await answer(authorizations, bearer, fetch: Service().fetch)
        await authorizations.forget(.authorized("Bearer t0"), for: key)
        #expect(await authorizations.standing(for: key, now: now) == .authorized("Bearer t1"))
        await authorizations.forget(.authorized("Bearer t1"), for: key)
        #expect(await authorizations.standing(for: key, now: now) == nil)
    }

    /// Accounts are locked after a few.
    @Test func aPasswordThatWasRefusedIsNotGivenAgain() async throws {
        let service = Service()
        let credential = Credential.password(user: "u", password: "p")
        let authorizations = AuthorizationCache()
        let basic = [Challenge(scheme: "basic")]
        let given = try #require(try await answer(authorizations, basic, as: credential, fetch: service.fetch))
        #expect(given == credential.basic)
        #expect(
            try await answer(authorizations, basic, refused: [given], as: credential, fetch: service.fetch) == nil)
        #expect(await authorizations.standing(for: .init(access, as: credential), now: now) == nil)
        #expect(service.issued == 0)
    }

    @Test func aTokenServiceThatFailsLeavesThePassword() async throws {
        let credential = Credential.password(user: "u", password: "p")
        let both = bearer + [Challenge(scheme: "basic")]
        let broken: AuthorizationCache.Fetch = { _, _ in throw UpstreamError(.unauthorized, "404") }
        #expect(try await answer(AuthorizationCache(), both, as: credential, fetch: broken) == credential.basic)
        // Nobody has no password.
        #expect(try await answer(AuthorizationCache(), both, fetch: broken) == nil)
        let (_, attempt) = try await AuthorizationCache().answer(
            bearer, to: .init(), access, for: key, now: now, fetch: broken)
        #expect(attempt.failure?.message == "404")
    }

    @Test func aBusyTokenServiceIsNoRefusal() async throws {
        let busy: AuthorizationCache.Fetch = { _, _ in throw UpstreamError(.later(status: 429, retryAfter: 60), "busy")
        }
        await #expect(throws: UpstreamError.self) {
            try await answer(AuthorizationCache(), bearer + [Challenge(scheme: "basic")], fetch: busy)
        }
    }
}

@Suite struct CredentialKeeperTests {
    private let begin = NIODeadline.uptimeNanoseconds(1 << 40)
    private static let old = Credential.password(user: "u", password: "old")
    private static let new = Credential.password(user: "u", password: "new")

    /// A file whose content a test replaces.
    private final class Place: Sendable {
        struct Unreadable: Error {}

        private let state = NIOLockedValueBox<(credential: Credential?, reads: Int)>((CredentialKeeperTests.old, 0))
        var reads: Int { state.withLockedValue { $0.reads } }

        func put(_ credential: Credential?) {
            state.withLockedValue { $0.credential = credential }
        }

        func read() throws -> Credential? {
            try state.withLockedValue { state in
                state.reads += 1
                guard let credential = state.credential else { throw Unreadable() }
                return credential
            }
        }
    }

    private func keeper(_ place: Place) -> CredentialKeeper {
        CredentialKeeper(Self.old, file: "f", logger: .silent) { try place.read() }
    }

    @Test func aRefusalAsksAgainButSeldom() async {
        let place = Place()
        let keeper = keeper(place)
        #expect(await keeper.another(than: Self.old, now: begin) == nil)
        place.put(Self.new)
        #expect(await keeper.another(than: Self.old, now: begin + .seconds(4)) == nil)
        #expect(place.reads == 1)
        #expect(await keeper.another(than: Self.old, now: begin + .seconds(5)) == Self.new)
        // Who was refused with the old one finds the new one at once.
        #expect(await keeper.another(than: Self.old, now: begin + .seconds(5)) == Self.new)
        #expect(await keeper.another(than: Self.new, now: begin + .seconds(6)) == nil)
        #expect(place.reads == 2)
    }

    @Test func whatCannotBeReadAgainStays() async throws {
        let place = Place()
        let keeper = keeper(place)
        place.put(nil)
        #expect(await keeper.another(than: Self.old, now: begin) == nil)
        await #expect(throws: Place.Unreadable.self) { try await keeper.reload() }
        #expect(await keeper.current == Self.old)
        place.put(Self.new)
        try await keeper.reload()
        #expect(await keeper.current == Self.new)
    }
}

@Suite struct AuthenticatedExchangeTests {
    private static let credential = Credential.password(user: "u", password: "p")

    private func exchange(_ uri: String, as credential: Credential? = nil, brings: String? = nil)
        -> AuthenticatedExchange
    {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: uri)
        if let brings { head.headers.add(name: "Authorization", value: brings) }
        return AuthenticatedExchange(head, RegistryAccess(.GET, uri)!, as: credential)
    }

    private func word(_ verdict: AuthenticatedExchange.Verdict) -> String {
        "\(verdict)".prefix { $0 != "(" }.description
    }

    /// Docker asks there how to log in; with a login of ours it need not.
    @Test func nobodyIsToldHowToLogIn() {
        #expect(word(exchange("/v2/").verdict(.unauthorized, isForOthers: true)) == "pass")
        #expect(word(exchange("/v2/").verdict(.unauthorized, isForOthers: false)) == "answer")
        #expect(word(exchange("/v2/", as: Self.credential).verdict(.unauthorized, isForOthers: true)) == "answer")
        #expect(word(exchange("/v2/a/tags/list").verdict(.unauthorized, isForOthers: true)) == "answer")
    }

    @Test(arguments: [HTTPResponseStatus.forbidden, .notFound])
    func nobodyWhoGetsNoFurtherGetsTheFirstRefusal(status: HTTPResponseStatus) {
        var nobody = exchange("/v2/a/tags/list")
        #expect(word(nobody.verdict(status, isForOthers: true)) == "pass")
        nobody.keepFirst(.init(head: .init(version: .http1_1, status: .unauthorized), body: .init(ByteBuffer())))
        #expect(word(nobody.verdict(status, isForOthers: true)) == "first")
        var us = exchange("/v2/a/tags/list", as: Self.credential)
        us.keepFirst(.init(head: .init(version: .http1_1, status: .unauthorized), body: .init(ByteBuffer())))
        #expect(us.first == nil)
    }

    @Test func aForbiddenSecretMayHaveBeenReplaced() {
        var us = exchange("/v2/a/tags/list", as: Self.credential)
        #expect(word(us.verdict(.forbidden, isForOthers: true)) == "pass")
        us.use(.authorized("Basic dTpw"))
        #expect(word(us.verdict(.forbidden, isForOthers: true)) == "otherCredential")
        us.restart(as: .password(user: "u", password: "new"))
        #expect(us.bringsNothing && us.key.credential != Self.credential)
    }

    @Test func aTokenOfAnotherRegistryCountsAsNone() {
        var brought = exchange("/v2/a/tags/list", brings: "Bearer x")
        #expect(word(brought.verdict(.forbidden, isForOthers: true)) == "withoutToken")
        brought.dropAuthorization()
        #expect(brought.bringsNothing)
        #expect(word(brought.verdict(.unauthorized, isForOthers: true)) == "answer")
    }
}
