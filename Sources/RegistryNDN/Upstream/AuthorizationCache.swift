internal import NIOCore

/// Remembers what an upstream let us in with, by what is accessed and with which credential, until it expires. Each token is
/// fetched once for all requests that want it.
actor AuthorizationCache {
    /// The requests that are let in with the same.
    struct Key: Hashable {
        let access: RegistryAccess
        /// Nil for requests without a credential of ours.
        let credential: Credential?

        init(_ access: RegistryAccess, as credential: Credential?) {
            self.access = access.withoutSource
            self.credential = credential
        }
    }

    /// What a request needs to be let in, as far as it is known.
    enum Standing: Equatable {
        /// The upstream lets it in as it is.
        case open
        /// The value of the Authorization field.
        case authorized(String)
    }

    /// What was tried for one request.
    struct Attempt {
        /// Values of the Authorization field that were not enough.
        var refused: Set<String> = []
        /// What token services were asked for it, with or without success.
        var asked: Set<TokenRequest> = []
        /// Why the last token service gave nothing.
        var failure: UpstreamError?
    }

    private struct Known {
        let standing: Standing
        let expires: NIODeadline
        /// What a token service was asked to get it; nil for a password.
        let request: TokenRequest?
    }

    /// Asks a token service; nil when it refuses.
    typealias Fetch = @Sendable (TokenRequest, Credential?) async throws -> TokenAnswer?

    private struct Question: Hashable {
        let request: TokenRequest
        let credential: Credential?
    }

    private var known: [Key: Known] = [:]
    private var fetching: [Question: Task<TokenAnswer?, any Error>] = [:]
    /// The registry's last challenges, for requests that can be sent but once.
    private(set) var challenges: [Challenge] = []
    /// Entries that are remembered; beyond that all are forgotten, and cost one more challenge each.
    private static let limit = 1024
    /// How long a registry that let a request in without a challenge is expected to do so again.
    private static let openness = TimeAmount.minutes(5)

    /// What last let a request in.
    func standing(for key: Key, now: NIODeadline) -> Standing? {
        guard let known = known[key], known.expires > now else { return nil }
        return known.standing
    }

    /// The same, with a token fetched anew when it has expired: for a request that cannot be sent twice.
    func renewed(for key: Key, now: NIODeadline, fetch: @escaping Fetch) async throws -> Standing? {
        guard let known = known[key], known.expires <= now, let request = known.request else {
            return standing(for: key, now: now)
        }
        // The old token was not refused: the service may give it again, and requests that need it meanwhile still find it here.
        guard let answer = try await token(Question(request: request, credential: key.credential), fetch) else {
            return nil
        }
        return .authorized(remember(answer, request, for: key, now: now))
    }

    /// A request went through without any Authorization.
    func noteOpen(_ key: Key, now: NIODeadline) {
        remember(Known(standing: .open, expires: now + Self.openness, request: nil), for: key)
    }

    /// Forgets what was refused, unless something newer is known.
    func forget(_ refused: Standing?, for key: Key) {
        if let refused, known[key]?.standing == refused { known[key] = nil }
    }

    func note(_ challenges: [Challenge]) {
        if !challenges.isEmpty { self.challenges = challenges }
    }

    /// The Authorization that answers the challenges of a 401; nil, and perhaps a failure in `attempt`, when everything was
    /// tried. Bearer goes before Basic.
    ///
    /// A token that came for another request in the meantime is tried before one is fetched: many requests are refused when one
    /// token expires. Throws `UpstreamError` with the code `later` and `CancellationError`; after any other failure of a token
    /// service the other challenges are tried.
    func answer(
        _ challenges: [Challenge], to attempt: Attempt, _ access: RegistryAccess, for key: Key, now: NIODeadline,
        fetch: @escaping Fetch
    ) async throws -> (authorization: String?, attempt: Attempt) {
        var attempt = attempt
        attempt.failure = nil
        if case .authorized(let value) = known[key]?.standing, attempt.refused.contains(value) { known[key] = nil }
        for challenge in challenges where challenge.scheme == "bearer" {
            do {
                guard let request = try TokenRequest(challenge, for: access) else { continue }
                if let value = known(request, for: key, attempt, now) { return (value, attempt) }
                guard attempt.asked.insert(request).inserted else { continue }
                let question = Question(request: request, credential: key.credential)
                guard let answer = try await token(question, fetch) else { continue }
                let value = remember(answer, request, for: key, now: now)
                if !attempt.refused.contains(value) { return (value, attempt) }
                attempt.failure = UpstreamError(
                    .unauthorized, "the token service at \(request.origin) gives the token again that was refused")
            } catch let error as UpstreamError {
                if case .later = error.code { throw error }
                attempt.failure = error
            }
        }
        if challenges.contains(where: { $0.scheme == "basic" }), let basic = key.credential?.basic,
            !attempt.refused.contains(basic)
        {
            remember(Known(standing: .authorized(basic), expires: .distantFuture, request: nil), for: key)
            return (basic, attempt)
        }
        return (nil, attempt)
    }

    private func known(
        _ request: TokenRequest, for key: Key, _ attempt: Attempt, _ now: NIODeadline
    ) -> String? {
        guard let known = known[key], known.request == request, known.expires > now,
            case .authorized(let value) = known.standing, !attempt.refused.contains(value)
        else { return nil }
        return value
    }

    private func remember(_ answer: TokenAnswer, _ request: TokenRequest, for key: Key, now: NIODeadline) -> String {
        let standing = Standing.authorized(answer.authorization)
        remember(Known(standing: standing, expires: now + answer.lifetime, request: request), for: key)
        return answer.authorization
    }

    private func remember(_ new: Known, for key: Key) {
        if known.count >= Self.limit { known = [:] }
        known[key] = new
    }

    private func token(_ question: Question, _ fetch: @escaping Fetch) async throws -> TokenAnswer? {
        if let running = fetching[question] { return try await running.value }
        // In a task of its own: the other requests must not lose the token when the one that asked first is cancelled.
        let task = Task { try await fetch(question.request, question.credential) }
        fetching[question] = task
        defer { fetching[question] = nil }
        return try await task.value
    }
}
