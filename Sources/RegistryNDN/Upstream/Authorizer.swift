internal import NIOCore
internal import NIOHTTP1

/// What an upstream let us in with, by repository, until it expires; each token is fetched once for all who want it.
actor Authorizer {
    private struct Known {
        let value: String
        let expires: NIODeadline
        /// What it was the answer to.
        let challenges: [Challenge]
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
        guard let known = known[repository], known.expires <= now else {
            return authorization(for: repository, now: now)
        }
        return try await answer(known.challenges, for: repository, now: now, fetch: fetch)
    }

    func forget(_ repository: String) {
        known[repository] = nil
    }

    /// What answers the challenges of a 401, nil when nothing does.
    ///
    /// - Parameter fetch: asks a token service; nil when it gives none to those who are nobody.
    func answer(
        _ challenges: [Challenge], for repository: String, now: NIODeadline,
        fetch: @escaping @Sendable (TokenRequest, Credential?) async throws -> TokenAnswer?
    ) async throws -> String? {
        known[repository] = nil
        let granted: Known?
        if let request = try challenges.lazy.compactMap({ try TokenRequest($0) }).first {
            let answer = try await token(request, fetch)
            granted = answer.map { Known(value: $0.authorization, expires: now + $0.lifetime, challenges: challenges) }
        } else if challenges.contains(where: { $0.scheme == "basic" }), let basic = credential?.basic {
            granted = Known(value: basic, expires: .distantFuture, challenges: challenges)
        } else {
            granted = nil
        }
        guard let granted else { return nil }
        if known.count >= Self.limit { known = [:] }
        known[repository] = granted
        return granted.value
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
