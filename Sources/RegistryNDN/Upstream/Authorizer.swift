internal import NIOCore
internal import NIOHTTP1

/// What an upstream let us in with, by repository, until it expires; each token is fetched once for all who want it.
actor Authorizer {
    /// What a request is let in with.
    struct Admission: Equatable {
        /// The value of the Authorization field.
        let authorization: String
        /// Whether it is the answer to this challenge, and not one that came for another request.
        let isNew: Bool
    }

    private struct Known {
        let value: String
        let expires: NIODeadline
        /// What a token service was asked for it; nil for a password.
        let request: TokenRequest?
    }

    private let credential: Credential?
    private var known: [String: Known] = [:]
    private var fetching: [TokenRequest: Task<TokenAnswer?, any Error>] = [:]
    /// Repositories remembered; beyond that all are forgotten, and cost one more question each.
    private static let limit = 1024

    init(_ credential: Credential?) {
        self.credential = credential
    }

    /// The value of the Authorization field that last worked for a repository.
    func authorization(for repository: String, now: NIODeadline) -> String? {
        guard let known = known[repository], known.expires > now else { return nil }
        return known.value
    }

    /// The same, fetched anew when it has expired: for a request that cannot be sent twice.
    func renewed(
        for repository: String, now: NIODeadline,
        fetch: @escaping @Sendable (TokenRequest, Credential?) async throws -> TokenAnswer?
    ) async throws -> String? {
        guard let known = known[repository], known.expires <= now, let request = known.request else {
            return authorization(for: repository, now: now)
        }
        // Nothing was refused: the service may give the same token again, and others who renew it find it here meanwhile.
        return try await granted(request, now: now, fetch).map { remember($0, for: repository) }
    }

    /// Forgets what was refused, unless something newer is known.
    func forget(_ refused: String, for repository: String) {
        if known[repository]?.value == refused { known[repository] = nil }
    }

    /// What answers the challenges of a 401; nil when nothing does, or nothing but what was refused.
    ///
    /// - Parameters:
    ///   - refused: the value of the Authorization field that was not enough, nil when there was none. What came for another
    ///     request in the meantime is tried before anything is fetched: many are refused when one token expires.
    ///   - fetch: asks a token service; nil when it gives none to those who are nobody.
    func answer(
        _ challenges: [Challenge], to refused: String?, for repository: String, now: NIODeadline,
        fetch: @escaping @Sendable (TokenRequest, Credential?) async throws -> TokenAnswer?
    ) async throws -> Admission? {
        let request = try challenges.lazy.compactMap { try TokenRequest($0) }.first
        if let known = known[repository], known.value != refused, known.request == request, known.expires > now {
            return Admission(authorization: known.value, isNew: false)
        }
        known[repository] = nil
        let granted: Known?
        if let request {
            granted = try await self.granted(request, now: now, fetch)
        } else if challenges.contains(where: { $0.scheme == "basic" }), let basic = credential?.basic {
            granted = Known(value: basic, expires: .distantFuture, request: nil)
        } else {
            granted = nil
        }
        guard let granted, granted.value != refused else { return nil }
        return Admission(authorization: remember(granted, for: repository), isNew: true)
    }

    /// - Returns: the value of the Authorization field.
    private func remember(_ granted: Known, for repository: String) -> String {
        if known.count >= Self.limit { known = [:] }
        known[repository] = granted
        return granted.value
    }

    private func granted(
        _ request: TokenRequest, now: NIODeadline,
        _ fetch: @escaping @Sendable (TokenRequest, Credential?) async throws -> TokenAnswer?
    ) async throws -> Known? {
        try await token(request, fetch).map {
            Known(value: $0.authorization, expires: now + $0.lifetime, request: request)
        }
    }

    private func token(
        _ request: TokenRequest, _ fetch: @escaping @Sendable (TokenRequest, Credential?) async throws -> TokenAnswer?
    ) async throws -> TokenAnswer? {
        if let running = fetching[request] { return try await running.value }
        let credential = credential
        // Not the task of the one who asked first: the others must not lose the token when that one goes.
        let task = Task { try await fetch(request, credential) }
        fetching[request] = task
        defer { fetching[request] = nil }
        return try await task.value
    }
}
