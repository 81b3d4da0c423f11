internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// Sends requests to an upstream and to wherever it leads: each as often as that helps and cannot do harm, and on to where it
/// is redirected.
struct UpstreamSender: Sendable {
    /// Redirections of one request that are followed.
    static let maximumRedirects = 8

    let pools: UpstreamPools
    let configuration: UpstreamConfiguration
    let logger: Logger

    var base: UpstreamURL { pools.base }

    /// A request to the upstream with its host, path and framing.
    ///
    /// - Parameter head: with a target relative to the base URL.
    func prepare(_ head: HTTPRequestHead, hasBody: Bool) -> HTTPRequestHead {
        var head = head
        head.version = .http1_1
        head.uri = base.path + head.uri
        head.headers.replaceOrAdd(name: "Host", value: base.authority)
        if hasBody {
            if !head.headers.contains(name: "Content-Length") {
                head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
            }
        } else {
            head.headers.remove(name: "Transfer-Encoding")
            head.headers.remove(name: "Content-Length")
            switch head.method {
            case .POST, .PUT, .PATCH: head.headers.add(name: "Content-Length", value: "0")
            default: break
            }
        }
        return head
    }

    // MARK: one exchange

    /// Sends a prepared request with its body.
    func send<Body: AsyncSequence & Sendable>(
        _ request: HTTPRequestHead, body: Body, at pool: ConnectionPool
    ) async throws -> UpstreamResponse where Body.Element == ByteBuffer {
        // What is consumed cannot be sent again, so that a connection which may be stale is not used.
        let connection = try await pool.lease(fresh: true)
        let response = PulledResponse(connection: connection, window: configuration.bodyWindow)
        connection.start(request, hasBody: true, consumer: response)
        let received = UpstreamBody(response)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.send(body, over: connection, whenFailed: response) }
            let head = try await response.head()
            if let fault = ResponseHeadCheck.unaskedPart(head, to: request) {
                received.cancel()
                throw fault
            }
            if head.status.code >= 300 { group.cancelAll() }
            do {
                try await group.waitForAll()
            } catch  where head.status.code >= 300 {
                connection.abandonRequest()
            }
            return UpstreamResponse(head: head, body: received)
        }
    }

    private func exchange(
        _ head: HTTPRequestHead, at pool: ConnectionPool, fresh: Bool
    ) async throws -> UpstreamResponse {
        let connection = try await pool.lease(fresh: fresh)
        let response = PulledResponse(connection: connection, window: configuration.bodyWindow)
        connection.start(head, hasBody: false, consumer: response)
        let body = UpstreamBody(response)
        let answer = try await response.head()
        if let fault = ResponseHeadCheck.unaskedPart(answer, to: head) {
            body.cancel()
            throw fault
        }
        return UpstreamResponse(head: answer, body: body)
    }

    private static func send<Body: AsyncSequence>(
        _ body: Body, over connection: UpstreamConnection, whenFailed response: PulledResponse
    ) async throws where Body.Element == ByteBuffer {
        do {
            for try await octets in body {
                try await connection.send(octets)
            }
            try Task.checkCancellation()
            connection.requestEnded()
        } catch {
            // Without its end the request has no answer: whoever waits for one must not wait for the timeout.
            if !Task.isCancelled {
                response.responseFailed(
                    UpstreamError(.closed, "the request body could not be sent", underlying: error))
                connection.cancel(response)
            }
            throw error
        }
    }

    // MARK: repetitions

    /// Sends a prepared request without a body, and sends it again where that cannot do harm: a GET, HEAD or OPTIONS that no
    /// byte of an answer came to.
    ///
    /// A request with any other method gets a new connection: on a kept one that the upstream just closed, nobody could tell
    /// whether the upstream had received the request.
    func perform(_ head: HTTPRequestHead, at pool: ConnectionPool) async throws -> UpstreamResponse {
        guard head.method.isSafe else { return try await exchange(head, at: pool, fresh: true) }
        let begin = NIODeadline.now()
        var retry = 0
        while true {
            let asked = NIODeadline.now()
            do {
                return try await exchange(head, at: pool, fresh: retry > 0)
            } catch let error as UpstreamError {
                guard let cause = Self.cause(error) else { throw error }
                if cause == .stale {
                    pool.distrust()
                    noteDead(after: .now() - asked)
                }
                retry += 1
                try await pause(cause, retry: retry, since: begin, head, otherwise: error)
            }
        }
    }

    /// A kept connection that an upstream closes is nothing to tell of; one that took a request and was dead is.
    private func noteDead(after time: TimeAmount) {
        guard time >= .seconds(1) else { return }
        logger.notice(
            "a kept connection to the upstream was dead; the request goes over a new one",
            metadata: ["upstream": "\(base)", "after_ms": .stringConvertible(time.nanoseconds / 1_000_000)])
    }

    /// The same for a read of our own, which also asks again an upstream that says it is busy; the last answer is returned
    /// when the upstream stays so.
    func performPatiently(_ head: HTTPRequestHead, at pool: ConnectionPool) async throws -> UpstreamResponse {
        try await patiently(head) { try await perform(head, at: pool) }
    }

    /// Sends again what an upstream that says it is busy did not take.
    func patiently(
        _ head: HTTPRequestHead, send: () async throws -> UpstreamResponse
    ) async throws -> UpstreamResponse {
        let begin = NIODeadline.now()
        var retry = 0
        while true {
            let response = try await send()
            guard response.head.status.isBusy else { return response }
            retry += 1
            let after = RetryAfter.read(response.head.headers)
            guard let delay = delay(.busy(retryAfter: after), retry: retry, since: begin) else { return response }
            try await response.discard()
            logger.debug(
                "the upstream is busy",
                metadata: [
                    "uri": "\(head.uri)", "status": .stringConvertible(response.head.status.code), "pause": "\(delay)",
                ])
            try await Self.sleep(delay)
        }
    }

    private func pause(
        _ cause: RetryPolicy.Cause, retry: Int, since begin: NIODeadline, _ head: HTTPRequestHead,
        otherwise error: UpstreamError
    ) async throws {
        guard let delay = delay(cause, retry: retry, since: begin) else { throw error }
        logger.debug(
            "request repeated on a new connection",
            metadata: ["uri": "\(head.uri)", "reason": "\(ErrorSentence.of(error))"])
        if delay > .zero { try await Self.sleep(delay) }
    }

    private func delay(_ cause: RetryPolicy.Cause, retry: Int, since begin: NIODeadline) -> TimeAmount? {
        configuration.retry.delay(cause, retry: retry, elapsed: .now() - begin, jitter: .random(in: 0..<1))
    }

    /// The cause to try again for; nil for what another attempt does not make better.
    private static func cause(_ error: UpstreamError) -> RetryPolicy.Cause? {
        switch error.code {
        case .stale: .stale
        case .connect, .closed: .lost
        default: nil
        }
    }

    // MARK: redirections

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
            try await response.discard()
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

    // MARK: time

    private static func sleep(_ delay: TimeAmount) async throws {
        try await Task.sleep(for: .nanoseconds(delay.nanoseconds))
    }

    /// Ends `work` with an error when it takes longer than `limit`.
    static func within<Result: Sendable>(
        _ limit: TimeAmount, _ work: @escaping @Sendable () async throws -> Result,
        otherwise error: @escaping @Sendable () -> any Error
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await sleep(limit)
                throw error()
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}

extension HTTPResponseStatus {
    /// Come back later: RFC 6585 section 4, RFC 9110 section 15.6.4.
    var isBusy: Bool { self == .tooManyRequests || self == .serviceUnavailable }
}
