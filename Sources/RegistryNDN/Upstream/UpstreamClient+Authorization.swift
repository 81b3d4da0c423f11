internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// Requests that are let in with our own credentials, or with a token that the registry gives to anybody.
extension UpstreamClient {
    /// Octets of a token service's answer.
    private static let maximumTokenAnswer = 1 << 20
    /// Tokens that are tried for one request: those that others fetched meanwhile, and which expired as well, and a new one.
    private static let maximumAdmissions = 3

    /// Sends somebody's request without a body, with our credentials where it has none of its own.
    func relay(_ head: HTTPRequestHead) async throws -> UpstreamResponse {
        try await admitted(prepare(head, hasBody: false), at: origin, isOurs: false)
    }

    /// The same with a body. It can be sent but once: with what the requests before it were let in with.
    func relay<Body: AsyncSequence & Sendable>(
        _ head: HTTPRequestHead, body: Body
    ) async throws -> UpstreamResponse where Body.Element == ByteBuffer {
        var head = head
        if let authorizer, !head.headers.contains(name: "authorization"),
            let known = try await authorizer.renewed(
                for: Self.key(head.method, head.uri), now: .now(), fetch: { try await self.token($0, $1) })
        {
            head.headers.add(name: "Authorization", value: known)
        }
        return try await execute(head, body: body)
    }

    /// Sends a prepared request; one to the upstream itself is asked again with an answer to its challenge.
    ///
    /// - Parameter isOurs: a read of our own, which waits for an upstream that is busy.
    func admitted(
        _ request: HTTPRequestHead, at target: UpstreamURL, isOurs: Bool
    ) async throws -> UpstreamResponse {
        let pool = pool(for: target)
        let send = isOurs ? performPatiently : perform
        guard let authorizer, target == origin, !request.headers.contains(name: "authorization") else {
            return try await send(request, pool)
        }
        let repository = Self.key(request.method, request.uri.dropFirst(base.path.count))
        var request = request
        if let known = await authorizer.authorization(for: repository, now: .now()) {
            request.headers.add(name: "Authorization", value: known)
        }
        var response = try await send(request, pool)
        for _ in 0..<Self.maximumAdmissions where response.head.status == .unauthorized {
            let admission: Authorizer.Admission?
            do {
                admission = try await authorizer.answer(
                    Challenge.all(in: response.head.headers), to: request.headers.first(name: "authorization"),
                    for: repository, now: .now()
                ) { try await self.token($0, $1) }
            } catch {
                response.body.cancel()
                throw error
            }
            guard let admission else { break }
            try await discard(response)
            request.headers.replaceOrAdd(name: "Authorization", value: admission.authorization)
            response = try await send(request, pool)
            guard !admission.isNew else { break }
        }
        if response.head.status == .unauthorized, let credential = configuration.credential,
            let refused = request.headers.first(name: "authorization")
        {
            // Not to be sent with every request from now on: accounts are locked after a few.
            await authorizer.forget(refused, for: repository)
            logger.warning("the upstream refuses our credentials", metadata: ["as": "\(credential)", "at": "\(base)"])
        }
        return response
    }

    /// Asks a token service; nil when it gives nothing to those without credentials. Within the overall timeout: what waits
    /// for the token may have none of its own.
    private func token(_ request: TokenRequest, _ credential: Credential?) async throws -> TokenAnswer? {
        let limit = configuration.overallTimeout
        return try await Self.within(limit) {
            try await self.fetchToken(request, credential)
        } otherwise: {
            UpstreamError(
                .timeout,
                "the token service at \(request.origin) gave no answer within \(limit.nanoseconds / 1_000_000_000) s")
        }
    }

    private func fetchToken(_ request: TokenRequest, _ credential: Credential?) async throws -> TokenAnswer? {
        if credential != nil, !mayTell(request.origin) {
            throw UpstreamError(
                .unauthorized,
                "\(base) wants a token from \(request.origin), where nothing is encrypted: credentials are not sent there"
            )
        }
        var headers: HTTPHeaders = ["Host": request.origin.authority, "Accept": "application/json"]
        let response: UpstreamResponse
        if case .identityToken(let token) = credential {
            headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            response = try await exchangeToken(token, request, headers)
        } else {
            if let basic = credential?.basic { headers.add(name: "Authorization", value: basic) }
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.uri, headers: headers)
            response = try await follow(head, from: RedirectTarget(origin: request.origin, uri: request.uri)) {
                try await perform($0, at: tokenPool($1))
            }
        }
        return try await Self.read(response, of: request, credential)
    }

    /// A refresh token is exchanged for one that lets in (RFC 6749 section 6).
    private func exchangeToken(
        _ token: String, _ request: TokenRequest, _ headers: HTTPHeaders
    ) async throws -> UpstreamResponse {
        var form =
            "grant_type=refresh_token&client_id=registry-ndn&service=\(PercentEncoding.encode(request.service.utf8))"
        if let scope = request.scope { form += "&scope=\(PercentEncoding.encode(scope.utf8))" }
        form += "&refresh_token=\(PercentEncoding.encode(token.utf8))"
        let octets = ByteBuffer(string: form)
        var head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: String(request.uri.prefix { $0 != "?" }), headers: headers)
        head.headers.add(name: "Content-Length", value: "\(octets.readableBytes)")
        let body = AsyncStream { continuation in
            continuation.yield(octets)
            continuation.finish()
        }
        return try await send(head, body: body, at: tokenPool(request.origin))
    }

    private func tokenPool(_ origin: UpstreamURL) -> ConnectionPool {
        pool(for: origin, decodedLimit: Self.maximumTokenAnswer)
    }

    private static func read(
        _ response: UpstreamResponse, of request: TokenRequest, _ credential: Credential?
    ) async throws -> TokenAnswer? {
        guard let body = try await response.body.collect(upTo: maximumTokenAnswer) else {
            throw UpstreamError(.unauthorized, "the answer of the token service at \(request.origin) is too large")
        }
        switch response.head.status {
        case .ok:
            guard let answer = TokenAnswer(body) else {
                throw UpstreamError(.unauthorized, "the token service at \(request.origin) answers without a token")
            }
            return answer
        case .unauthorized, .forbidden:
            // Who we are is nobody's business that asks us.
            guard credential != nil else { return nil }
            throw UpstreamError(
                .unauthorized,
                "the token service at \(request.origin) refuses our credentials: are they right, and do they give access to what is asked for (\(request.scope ?? "nothing in particular"))?"
            )
        default:
            throw UpstreamError(
                .unauthorized, "the token service at \(request.origin) answers with \(response.head.status.code)")
        }
    }

    /// A password goes where it is encrypted, or where the upstream itself is reached without encryption.
    private func mayTell(_ other: UpstreamURL) -> Bool {
        other.isSecure || !base.isSecure && other.host == base.host
    }

    /// What comes before `/blobs/`, `/manifests/` and so on, and whether it is written: tokens are for one repository, and
    /// one for reading does not allow more.
    static func key(_ method: HTTPMethod, _ uri: some StringProtocol) -> String {
        let parts = uri.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        let end = parts.lastIndex { ["blobs", "manifests", "tags", "referrers"].contains($0) }
        let reads = method == .GET || method == .HEAD
        return parts[..<(end ?? parts.startIndex)].joined(separator: "/") + (reads ? "" : " for writing")
    }
}
