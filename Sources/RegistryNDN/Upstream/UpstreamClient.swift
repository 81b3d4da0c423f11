package import Logging
internal import NIOConcurrencyHelpers
package import NIOCore
package import NIOHTTP1

/// An HTTP/1.1 client for one upstream registry, with a bounded pool of kept connections.
package final class UpstreamClient: Sendable {
    package let base: UpstreamURL
    let configuration: UpstreamConfiguration
    let logger: Logger
    private let sender: UpstreamSender
    private let authentication: UpstreamAuthentication
    /// How the upstream fails to give ranges, as far as it has been said in the log.
    private let rangeFaults = NIOLockedValueBox<Set<ByteRange.Fault>>([])

    /// A client whose connections live on the event loops of `group`; nothing is opened yet.
    package init(
        base: UpstreamURL, group: any EventLoopGroup, configuration: UpstreamConfiguration = .init(), logger: Logger
    ) {
        self.base = base
        self.configuration = configuration
        self.logger = logger
        sender = UpstreamSender(
            pools: UpstreamPools(base: base, group: group, configuration: configuration), configuration: configuration,
            logger: logger)
        authentication = UpstreamAuthentication(sender: sender)
    }

    /// Closes unused connections and fails those who wait; exchanges under way end by themselves.
    package func shutdown() { sender.pools.shutdown() }

    // MARK: requests as they are

    /// Sends a request without a body and returns once the response head is there.
    ///
    /// `head.uri` is relative to the base URL and Host is replaced. A GET, HEAD or OPTIONS that no byte of an answer came to
    /// is sent again as ``RetryPolicy`` says. Throws `UpstreamError` or `CancellationError`.
    package func execute(_ head: HTTPRequestHead) async throws -> UpstreamResponse {
        try await sender.perform(sender.prepare(head, hasBody: false), at: sender.pools.own)
    }

    /// Sends a request with a body and returns once the response head is there.
    ///
    /// Without a Content-Length in `head` the body goes out in chunked transfer coding. It is pulled as fast as the
    /// upstream takes it; an upstream that refuses early (a status over 299) is sent no more of it.
    package func execute<Body: AsyncSequence & Sendable>(
        _ head: HTTPRequestHead, body: Body
    ) async throws -> UpstreamResponse where Body.Element == ByteBuffer {
        try await sender.send(sender.prepare(head, hasBody: true), body: body, at: sender.pools.own)
    }

    // MARK: requests that are let in

    /// Sends somebody's request without a body, and answers the upstream when it asks who sends it.
    func relay(_ head: HTTPRequestHead, _ terms: AuthenticationTerms = .init()) async throws -> UpstreamResponse {
        try await authentication.send(sender.prepare(head, hasBody: false), terms) {
            try await sender.perform($0, at: sender.pools.own)
        }
    }

    /// The same for a request with a body.
    func relay<Body: AsyncSequence & Sendable>(
        _ head: HTTPRequestHead, body: Body, _ terms: AuthenticationTerms = .init()
    ) async throws -> UpstreamResponse where Body.Element == ByteBuffer {
        try await authentication.send(sender.prepare(head, hasBody: true), body: body, terms)
    }

    /// Sends a GET or HEAD of our own, and follows where the upstream redirects it: to a storage service, or to another
    /// registry.
    ///
    /// Range and the other fields go along, Authorization only to the same host and port. No redirection is remembered, and a
    /// link that has expired when it is used, because a cache gave it, is asked for once more. An upstream that is busy (429,
    /// 503) is asked again as ``RetryPolicy`` says, and all of it ends with the configuration's overall timeout. Throws
    /// `UpstreamError`, with the code `redirect` for what is not followed, or `CancellationError`.
    func read(_ head: HTTPRequestHead, _ terms: AuthenticationTerms = .init()) async throws -> UpstreamResponse {
        let limit = configuration.overallTimeout
        return try await UpstreamSender.within(limit) {
            try await self.follow(head, terms)
        } otherwise: {
            UpstreamError(
                .timeout,
                "\(self.base) gave no answer within \(limit.nanoseconds / 1_000_000_000) s, repetitions included")
        }
    }

    private func follow(_ head: HTTPRequestHead, _ terms: AuthenticationTerms) async throws -> UpstreamResponse {
        let first = sender.prepare(head, hasBody: false)
        let begin = RedirectTarget(origin: base.origin, uri: first.uri)
        let send = { @Sendable (request: HTTPRequestHead, target: UpstreamURL) in
            let pool = self.sender.pools.pool(for: target)
            guard target == begin.origin else { return try await self.sender.performPatiently(request, at: pool) }
            return try await self.authentication.send(request, terms) {
                try await self.sender.performPatiently($0, at: pool)
            }
        }
        let answer = try await sender.follow(first, from: begin, send: send)
        guard answer.isRedirected, answer.head.status.maySayExpired else { return answer }
        try await answer.discard()
        logger.debug(
            "a link of the upstream is asked for again",
            metadata: ["uri": "\(head.uri)", "status": .stringConvertible(answer.head.status.code)])
        return try await sender.follow(first, from: begin, send: send)
    }

    // MARK: ranges

    /// Asks for bytes of a blob, from `offset` on, `length` of them or all that follow.
    ///
    /// A 206 is checked against the request, see ``ByteRange/Verdict``. An upstream that refuses a range of what it has, or whose
    /// answer contradicts the request, is asked for the whole blob, which then comes from its first byte on; that is said once
    /// in the log. An answer that is of no use then throws `UpstreamError` with the code `range`.
    ///
    /// - Parameters:
    ///   - headers: sent along (Authorization).
    ///   - mayBeWhole: false when more than the range is of no use.
    func blobRange(
        repository: RepositoryName, digest: ContentDigest, offset: UInt64, length: UInt64? = nil,
        headers: HTTPHeaders = [:], mayBeWhole: Bool = true, _ terms: AuthenticationTerms = .init()
    ) async throws -> RangeResponse {
        let range = ByteRange(offset: offset, length: length)
        guard var head = rangeHead(repository: repository, digest: digest, range: range, headers: headers) else {
            throw UpstreamError(.range, "\(length ?? 0) bytes from \(offset) on are not a range")
        }
        var response = try await read(head, terms)
        var verdict = range.check(response.head)
        if let fault = range.fault(verdict), mayBeWhole {
            if fault != .ignored {
                try await response.discard()
                head.headers.remove(name: "Range")
                response = try await read(head, terms)
                verdict = range.check(response.head)
            }
            if case .whole = verdict { say(fault, of: digest) }
        }
        if case .invalid(let why) = verdict {
            response.body.cancel()
            throw UpstreamError(.range, "the upstream's answer is not the range asked for: \(why)")
        }
        return RangeResponse(response, verdict)
    }

    /// Each kind of fault once; what contradicts the request says each time something else, and counts as one kind.
    private func say(_ fault: ByteRange.Fault, of digest: ContentDigest) {
        let kind: ByteRange.Fault = if case .contradiction = fault { .contradiction("") } else { fault }
        guard rangeFaults.withLockedValue({ $0.insert(kind).inserted }) else { return }
        logger.notice(
            "the upstream does not give ranges as they are asked for: such blobs are read from their begin, and cut",
            metadata: ["upstream": "\(base)", "why": "\(fault)", "blob": "\(digest)"])
    }

    /// The request for a range of a blob, without Host; nil when the range is not one.
    private func rangeHead(
        repository: RepositoryName, digest: ContentDigest, range: ByteRange, headers: HTTPHeaders
    ) -> HTTPRequestHead? {
        guard let field = range.field else { return nil }
        var headers = headers
        headers.replaceOrAdd(name: "Range", value: field)
        headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        // A conditional range would turn into a 200 when the condition fails.
        headers.remove(name: "If-Range")
        return HTTPRequestHead(
            version: .http1_1, method: .GET, uri: RegistryRoute.path(repository: repository, digest: digest),
            headers: headers)
    }
}

extension HTTPResponseStatus {
    /// What storage services say of a link whose time is over: 403 most of them, some 400, 401 or 410.
    fileprivate var maySayExpired: Bool {
        self == .badRequest || self == .unauthorized || self == .forbidden || self == .gone
    }
}
