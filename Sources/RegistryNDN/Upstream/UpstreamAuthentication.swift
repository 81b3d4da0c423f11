internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// Gets requests past an upstream that asks who sends them. The one place that answers challenges: with our own credentials, or
/// with a token that the registry gives to anybody; for relayed requests and for our own reads.
struct UpstreamAuthentication: Sendable {
    /// How often a request is sent: with what is known, with tokens that others fetched meanwhile and which expired as well,
    /// with a new one, with a password after it, and with other credentials.
    private static let maximumSends = 8
    /// Bytes of a manifest that is kept while it is sent, at most: registries take no larger ones.
    private static let maximumManifest = 4 << 20

    let sender: UpstreamSender
    private let authorizations = AuthorizationCache()
    /// Memory for the bodies that are kept while they are sent.
    private let keptOctets = OctetAllowance(32 << 20)

    private var configuration: UpstreamConfiguration { sender.configuration }
    private var base: UpstreamURL { sender.base }
    private var logger: Logger { sender.logger }
    private var tokens: TokenClient { TokenClient(sender: sender) }

    // MARK: requests that can be sent again

    /// Sends a prepared request with a body. A manifest is kept, and sent again when the registry asks who sends it; any other
    /// body can be sent but once, and the question who sends it is answered in advance.
    func send<Body: AsyncSequence & Sendable>(
        _ request: HTTPRequestHead, body: Body, _ terms: AuthenticationTerms
    ) async throws -> UpstreamResponse where Body.Element == ByteBuffer {
        let pool = sender.pools.own
        guard let access = access(of: request, terms) else {
            return try await sender.send(request, body: body, at: pool)
        }
        guard let length = request.manifestLength, length <= Self.maximumManifest, keptOctets.take(length) else {
            return try await sendOnce(request, body: body, access, terms)
        }
        defer { keptOctets.giveBack(length) }
        var manifest = ByteBuffer()
        for try await chunk in body { manifest.writeImmutableBuffer(chunk) }
        return try await send(request, terms) { [manifest] in
            try await sender.send($0, body: AsyncStream(once: manifest), at: pool)
        }
    }

    /// Sends a prepared request with `send`, again with an answer when the upstream asks who sends it.
    ///
    /// Without a credential of ours, when no answer leads anywhere, whoever is behind us gets the upstream's first refusal, and
    /// can log in.
    func send(
        _ request: HTTPRequestHead, _ terms: AuthenticationTerms,
        _ send: (HTTPRequestHead) async throws -> UpstreamResponse
    ) async throws -> UpstreamResponse {
        guard let access = access(of: request, terms) else { return try await send(request) }
        var exchange = await AuthenticatedExchange(request, access, as: credential(terms))
        if exchange.bringsNothing { exchange.use(await authorizations.standing(for: exchange.key, now: .now())) }
        while true {
            exchange.sends += 1
            let response = try await send(exchange.request)
            switch exchange.verdict(response.head.status, isForOthers: configuration.isForOthers) {
            case .pass:
                if exchange.tellsOpenness(response.head.status) {
                    await authorizations.noteOpen(exchange.key, now: .now())
                }
                return response
            case .answer:
                let refusal = try await response.kept()
                guard try await answer(refusal, &exchange) else { return exchange.first ?? refusal }
            case .withoutToken:
                exchange.first = try await response.kept()
                exchange.dropAuthorization()
            case .otherCredential:
                guard let other = await other(than: exchange, response.head.status) else { return response }
                try await response.discard()
                exchange.restart(as: other)
            case .first(let first):
                response.body.cancel()
                await authorizations.forget(exchange.standing, for: exchange.key)
                return first
            }
        }
    }

    /// Prepares the next attempt after a 401. False when there is none.
    private func answer(_ refusal: UpstreamResponse, _ exchange: inout AuthenticatedExchange) async throws -> Bool {
        let challenges = Challenge.all(in: refusal.head.headers)
        await authorizations.note(challenges)
        exchange.noteRefusal()
        let (authorization, attempt) = try await authorizations.answer(
            challenges, to: exchange.attempt, exchange.access, for: exchange.key, now: .now()
        ) { try await tokens.token($0, $1) }
        exchange.attempt = attempt
        if let authorization, exchange.sends < Self.maximumSends {
            if configuration.isForOthers { exchange.keepFirst(refusal) }
            exchange.use(.authorized(authorization))
            return true
        }
        await authorizations.forget(exchange.standing, for: exchange.key)
        // No credential was refused: it may be better the next time. Whoever has no part in our credentials asks for himself.
        if let failure = attempt.failure, failure.code != .unauthorized,
            exchange.key.credential != nil || !configuration.isForOthers
        {
            throw failure
        }
        guard let other = await other(than: exchange, refusal.head.status) else { return false }
        exchange.restart(as: other)
        return true
    }

    /// Another credential of our own in the place of one that was refused; nil, and a line in the log, when there is none.
    private func other(than exchange: AuthenticatedExchange, _ status: HTTPResponseStatus) async -> Credential? {
        guard let credential = exchange.key.credential else {
            if let failure = exchange.attempt.failure {
                logger.log(
                    level: configuration.isForOthers ? .debug : .warning, "no token for anybody",
                    metadata: ["at": "\(base)", "reason": "\(failure)"])
            }
            return nil
        }
        if exchange.sends < Self.maximumSends,
            let other = await configuration.credentials?.another(than: credential, now: .now())
        {
            return other
        }
        var metadata: Logger.Metadata = [
            "as": "\(credential)", "at": "\(base)", "status": "\(status.code)", "uri": "\(exchange.path)",
        ]
        if let failure = exchange.attempt.failure { metadata["reason"] = "\(failure)" }
        logger.warning("the upstream refuses our credentials", metadata: metadata)
        return nil
    }

    // MARK: requests that can be sent once

    private func sendOnce<Body: AsyncSequence & Sendable>(
        _ request: HTTPRequestHead, body: Body, _ access: RegistryAccess, _ terms: AuthenticationTerms
    ) async throws -> UpstreamResponse where Body.Element == ByteBuffer {
        var exchange = await AuthenticatedExchange(request, access, as: credential(terms))
        exchange.sends = Self.maximumSends
        if exchange.bringsNothing {
            exchange.use(try await inAdvance(exchange))
        } else if case .authorized(let value)? = await authorizations.standing(for: exchange.key, now: .now()) {
            // What came with the request was refused when its upload began.
            exchange.use(.authorized(value))
        }
        let response = try await sender.send(exchange.request, body: body, at: sender.pools.own)
        let status = response.head.status
        if status == .unauthorized || status == .forbidden && exchange.isOurs {
            await authorizations.note(Challenge.all(in: response.head.headers))
            await authorizations.forget(exchange.standing, for: exchange.key)
            if exchange.isOurs { _ = await other(than: exchange, status) }
        }
        return response
    }

    /// What lets a request in before it was sent: what is known for it, or the answer to what the registry asks of others.
    private func inAdvance(_ exchange: AuthenticatedExchange) async throws -> AuthorizationCache.Standing? {
        let fetch: AuthorizationCache.Fetch = { try await tokens.token($0, $1) }
        if let known = try await authorizations.renewed(for: exchange.key, now: .now(), fetch: fetch) { return known }
        var challenges = await authorizations.challenges
        if challenges.isEmpty {
            let root = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/")
            let response = try await sender.perform(sender.prepare(root, hasBody: false), at: sender.pools.own)
            try await response.discard()
            guard response.head.status == .unauthorized else {
                await authorizations.noteOpen(exchange.key, now: .now())
                return .open
            }
            challenges = Challenge.all(in: response.head.headers)
            await authorizations.note(challenges)
        }
        let (authorization, _) = try await authorizations.answer(
            challenges.map { $0.withoutScope }, to: .init(), exchange.access, for: exchange.key, now: .now(),
            fetch: fetch)
        return authorization.map { .authorized($0) }
    }

    // MARK: parts

    private func credential(_ terms: AuthenticationTerms) async -> Credential? {
        guard terms.ours else { return nil }
        return await configuration.credentials?.current
    }

    /// Nil for a request that speaks for itself, and for one that is not for the registry's API.
    private func access(of request: HTTPRequestHead, _ terms: AuthenticationTerms) -> RegistryAccess? {
        if let brought = request.headers.first(name: "authorization") {
            guard terms.replacesToken, brought.lowercased().hasPrefix("bearer ") else { return nil }
        }
        guard request.uri.hasPrefix(base.path) else { return nil }
        return RegistryAccess(request.method, request.uri.dropFirst(base.path.count))
    }
}

/// With what the upstream may let a request in, beside the Authorization that the request brings.
struct AuthenticationTerms: Hashable, Sendable {
    /// Whether our own credentials may be used for it, if we have some.
    var ours = true
    /// Whether a token that the request brings counts as none once it was refused: a client that finds several registries at one
    /// address may have got its token from another one.
    var replacesToken = false
}

extension HTTPRequestHead {
    /// Bytes of the manifest that a PUT brings; nil when it is something else, or does not say.
    fileprivate var manifestLength: Int? {
        guard method == .PUT, uri.prefix(while: { $0 != "?" }).contains("/manifests/") else { return nil }
        return headers.first(name: "content-length").flatMap { Int($0) }
    }
}

extension Challenge {
    /// The same for another request than the one that it answered.
    fileprivate var withoutScope: Challenge {
        var challenge = self
        challenge.parameters["scope"] = nil
        return challenge
    }
}
