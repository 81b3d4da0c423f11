internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// Gets tokens from the services that a registry's Bearer challenge names.
struct TokenClient: Sendable {
    /// Bytes of a token service's answer, at most.
    private static let maximumAnswer = 1 << 20

    let sender: UpstreamSender

    private var configuration: UpstreamConfiguration { sender.configuration }
    private var base: UpstreamURL { sender.base }

    /// Asks a token service; nil when it gives nothing to those without credentials. That takes no longer than the overall
    /// timeout: what waits for the token may have no timeout of its own.
    func token(_ request: TokenRequest, _ credential: Credential?) async throws -> TokenAnswer? {
        let limit = configuration.overallTimeout
        return try await UpstreamSender.within(limit) {
            do {
                return try await fetch(request, credential)
            } catch let error as UpstreamError where error.code == .connect || error.code == .tls {
                // Whoever reads it knows the registry's address alone.
                throw UpstreamError(
                    error.code, "the token service that \(base) names is not reached: \(error.message)",
                    underlying: error.underlying)
            }
        } otherwise: {
            UpstreamError(
                .timeout,
                "the token service at \(request.origin) gave no answer within \(limit.nanoseconds / 1_000_000_000) s")
        }
    }

    private func fetch(_ request: TokenRequest, _ credential: Credential?) async throws -> TokenAnswer? {
        if credential != nil, !mayTell(request.origin) {
            throw UpstreamError(
                .unauthorized,
                "\(base) wants a token from \(request.origin), where nothing is encrypted: credentials are not sent there (\(RegistrySetting.insecurity) says that they may)"
            )
        }
        var headers: HTTPHeaders = ["Host": request.origin.authority, "Accept": "application/json"]
        let response: UpstreamResponse
        if case .identityToken(let token) = credential {
            headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            response = try await exchange(token, request, headers)
        } else {
            if let basic = credential?.basic { headers.add(name: "Authorization", value: basic) }
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.uri, headers: headers)
            response = try await sender.follow(head, from: RedirectTarget(origin: request.origin, uri: request.uri)) {
                // A service that is busy is waited for as in any other read of our own, if it is not for long.
                try await sender.performPatiently($0, at: pool(for: $1))
            }
        }
        return try await Self.read(response, of: request, credential)
    }

    /// A refresh token is exchanged for one that lets in (RFC 6749 section 6).
    private func exchange(
        _ token: String, _ request: TokenRequest, _ headers: HTTPHeaders
    ) async throws -> UpstreamResponse {
        var form = "grant_type=refresh_token&client_id=registry-ndn"
        if !request.service.isEmpty { form += "&service=\(PercentEncoding.encode(request.service.utf8))" }
        if let scope = request.scope { form += "&scope=\(PercentEncoding.encode(scope.utf8))" }
        form += "&refresh_token=\(PercentEncoding.encode(token.utf8))"
        let octets = ByteBuffer(string: form)
        var head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: String(request.uri.prefix { $0 != "?" }), headers: headers)
        head.headers.add(name: "Content-Length", value: "\(octets.readableBytes)")
        return try await sender.patiently(head) { [head] in
            try await sender.send(head, body: AsyncStream(once: octets), at: pool(for: request.origin))
        }
    }

    private func pool(for origin: UpstreamURL) -> ConnectionPool {
        sender.pools.pool(for: origin, decodedLimit: Self.maximumAnswer)
    }

    private static func read(
        _ response: UpstreamResponse, of request: TokenRequest, _ credential: Credential?
    ) async throws -> TokenAnswer? {
        guard let body = try await response.body.collect(upTo: maximumAnswer) else {
            throw UpstreamError(.unauthorized, "the answer of the token service at \(request.origin) is too large")
        }
        switch response.head.status {
        case .ok, .created:
            guard let answer = TokenAnswer(body) else {
                throw UpstreamError(.unauthorized, "the token service at \(request.origin) answers without a token")
            }
            return answer
        case .unauthorized, .forbidden:
            // Without a credential of ours, the client gets the registry's own refusal.
            guard credential != nil else { return nil }
            throw UpstreamError(
                .unauthorized,
                "the token service at \(request.origin) refuses our credentials: are they right, and do they give access to what is asked for (\(request.scope ?? "nothing in particular"))?"
            )
        case let status where status.isBusy:
            let pause = RetryAfter.read(response.head.headers)
            throw UpstreamError(
                .later(status: status.code, retryAfter: pause.map { $0.nanoseconds / 1_000_000_000 }),
                "the token service at \(request.origin) is busy (\(status.code))")
        default:
            throw UpstreamError(
                .unauthorized, "the token service at \(request.origin) answers with \(response.head.status.code)")
        }
    }

    /// A password goes where it is encrypted, or where the upstream itself is reached without encryption; elsewhere only when
    /// that is said to be meant.
    private func mayTell(_ other: UpstreamURL) -> Bool {
        other.isSecure || !base.isSecure && other.host == base.host || configuration.tellsInClear
    }
}

extension AsyncStream {
    /// One element, and the end.
    init(once element: sending Element) {
        let (stream, continuation) = Self.makeStream()
        continuation.yield(element)
        continuation.finish()
        self = stream
    }
}
