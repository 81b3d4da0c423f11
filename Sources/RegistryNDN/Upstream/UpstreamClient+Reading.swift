internal import Logging
internal import NDN
internal import NIOCore
package import NIOHTTP1

extension UpstreamClient {
    /// Redirections of one read that are followed.
    static let maximumRedirects = 8
    /// The body of a redirection is read up to here, so that its connection can be used again.
    private static let maximumDiscard = 65_536

    /// Sends a GET or HEAD of our own, and follows where the upstream redirects it: to a storage service, or to another registry.
    ///
    /// Range and the other fields go along, Authorization only to the same host and port. Nothing is remembered, and a link
    /// that has expired when it is used, because a cache gave it, is asked for once more. An upstream that is busy (429, 503) is asked again as ``RetryPolicy``
    /// says, and all of it ends with the configuration's overall timeout. Throws `UpstreamError`, with the code `redirect` for what is not
    /// followed, or `CancellationError`.
    package func read(_ head: HTTPRequestHead) async throws -> UpstreamResponse {
        try await read(head, .init())
    }

    /// The same on `terms` of somebody's request.
    func read(_ head: HTTPRequestHead, _ terms: AdmissionTerms) async throws -> UpstreamResponse {
        let limit = configuration.overallTimeout
        return try await Self.within(limit) {
            try await self.follow(head, terms)
        } otherwise: {
            UpstreamError(
                .timeout,
                "\(self.base) gave no answer within \(limit.nanoseconds / 1_000_000_000) s, repetitions included")
        }
    }

    private func follow(_ head: HTTPRequestHead, _ terms: AdmissionTerms) async throws -> UpstreamResponse {
        let first = prepare(head, hasBody: false)
        let begin = RedirectTarget(origin: origin, uri: first.uri)
        let send = { @Sendable in try await self.read($0, at: $1, terms) }
        let answer = try await follow(first, from: begin, send: send)
        guard answer.isRedirected, answer.head.status.maySayExpired else { return answer }
        try await discard(answer)
        logger.debug(
            "a link of the upstream is asked for again",
            metadata: ["uri": "\(head.uri)", "status": .stringConvertible(answer.head.status.code)])
        return try await follow(first, from: begin, send: send)
    }

    /// Sends a prepared GET or HEAD to where it begins, and on to where it is redirected.
    func follow(
        _ first: HTTPRequestHead, from begin: RedirectTarget,
        send: @Sendable (HTTPRequestHead, UpstreamURL) async throws -> UpstreamResponse
    ) async throws -> UpstreamResponse {
        var target = begin
        var request = first
        for _ in 0...Self.maximumRedirects {
            var response = try await send(request, target.origin)
            let next: RedirectTarget?
            do {
                next = try target.next(response.head)
            } catch {
                response.body.cancel()
                throw error
            }
            guard let next else {
                response.isRedirected = target != begin
                return response
            }
            try await discard(response)
            request.uri = next.uri
            request.headers.replaceOrAdd(name: "Host", value: next.origin.authority)
            if next.origin != target.origin {
                for name in ["authorization", "cookie"] { request.headers.remove(name: name) }
            }
            target = next
        }
        throw UpstreamError(
            .redirect, "\(begin.origin) redirects more than \(Self.maximumRedirects) times: is it a loop?")
    }

    func discard(_ response: UpstreamResponse) async throws {
        var octets = 0
        for try await chunk in response.body {
            octets += chunk.readableBytes
            guard octets <= Self.maximumDiscard else { return response.body.cancel() }
        }
    }
}

extension HTTPResponseStatus {
    /// What storage services say of a link whose time is over: 403 most of them, some 400, 401 or 410.
    fileprivate var maySayExpired: Bool {
        self == .badRequest || self == .unauthorized || self == .forbidden || self == .gone
    }
}
