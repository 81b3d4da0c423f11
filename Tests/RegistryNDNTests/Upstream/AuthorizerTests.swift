import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import RegistryNDN

@Suite struct AuthorizerTests {
    private let now = NIODeadline.uptimeNanoseconds(1 << 40)
    private let bearer = [Challenge(scheme: "bearer", parameters: ["realm": "https://auth.example/token"])]
    private let repository = "/v2/a"

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

    @Test func aTokenIsUsedUntilItExpires() async throws {
        let service = Service()
        let authorizer = Authorizer(nil)
        #expect(await authorizer.authorization(for: repository, now: now) == nil)
        let first = try await authorizer.answer(bearer, to: nil, for: repository, now: now, fetch: service.fetch)
        #expect(first == Authorizer.Admission(authorization: "Bearer t1", isNew: true))
        #expect(await authorizer.authorization(for: repository, now: now + .seconds(269)) == "Bearer t1")
        #expect(await authorizer.authorization(for: "/v2/b", now: now) == nil)
        let late = now + .seconds(271)
        #expect(await authorizer.authorization(for: repository, now: late) == nil)
        #expect(try await authorizer.renewed(for: repository, now: late, fetch: service.fetch) == "Bearer t2")
    }

    /// Nobody has refused it: a service that keeps its tokens gives the same one, for longer. And all who renew it get it.
    @Test func theSameTokenMayComeAgain() async throws {
        let authorizer = Authorizer(nil)
        let same: @Sendable (TokenRequest, Credential?) async throws -> TokenAnswer? = { _, _ in
            TokenAnswer(ByteBuffer(string: #"{"token":"t","expires_in":300}"#))
        }
        _ = try await authorizer.answer(bearer, to: nil, for: repository, now: now, fetch: same)
        let late = now + .seconds(271)
        async let one = authorizer.renewed(for: repository, now: late, fetch: same)
        async let other = authorizer.renewed(for: repository, now: late, fetch: same)
        #expect(try await [one, other] == ["Bearer t", "Bearer t"])
        #expect(await authorizer.authorization(for: repository, now: late) == "Bearer t")
    }

    /// Several requests are refused with one token: the first gets a new one, the others take that.
    @Test func aLateRefusalCostsNoToken() async throws {
        let service = Service()
        let authorizer = Authorizer(nil)
        func answer(_ refused: String?, _ challenges: [Challenge]) async throws -> Authorizer.Admission? {
            try await authorizer.answer(challenges, to: refused, for: repository, now: now, fetch: service.fetch)
        }
        _ = try await answer(nil, bearer)
        #expect(try await answer("Bearer t1", bearer)?.authorization == "Bearer t2")
        #expect(
            try await answer("Bearer t1", bearer)
                == Authorizer.Admission(authorization: "Bearer t2", isNew: false))
        #expect(service.issued == 2)
        // A challenge for more than that token was asked for is not answered with it.
        var wider = bearer
        wider[0].parameters["scope"] = "repository:b:pull"
        #expect(try await answer("Bearer t1", wider)?.authorization == "Bearer t3")
    }

    @Test func onlyWhatWasRefusedIsForgotten() async throws {
        let service = Service()
        let authorizer = Authorizer(nil)
        _ = try await authorizer.answer(bearer, to: nil, for: repository, now: now, fetch: service.fetch)
        await authorizer.forget("Bearer t0", for: repository)
        #expect(await authorizer.authorization(for: repository, now: now) == "Bearer t1")
        await authorizer.forget("Bearer t1", for: repository)
        #expect(await authorizer.authorization(for: repository, now: now) == nil)
    }

    /// Accounts are locked after a few.
    @Test func aPasswordThatWasRefusedIsNotGivenAgain() async throws {
        let service = Service()
        let credential = Credential.password(user: "u", password: "p")
        let authorizer = Authorizer(credential)
        let basic = [Challenge(scheme: "basic")]
        let given = try #require(
            try await authorizer.answer(basic, to: nil, for: repository, now: now, fetch: service.fetch))
        #expect(given.authorization == credential.basic)
        #expect(
            try await authorizer.answer(
                basic, to: given.authorization, for: repository, now: now, fetch: service.fetch) == nil)
        #expect(await authorizer.authorization(for: repository, now: now) == nil)
        #expect(service.issued == 0)
    }
}
