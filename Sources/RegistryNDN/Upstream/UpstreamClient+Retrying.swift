internal import Logging
internal import NDN
internal import NIOCore
internal import NIOHTTP1

#if canImport(Glibc)
    internal import Glibc
#endif

extension UpstreamClient {
    /// Sends a prepared request without a body, again where that cannot do harm: GET, HEAD and OPTIONS that no octet of an
    /// answer came to.
    ///
    /// Any other gets a connection of its own: on a kept one that the upstream just closed, nobody could tell whether it was
    /// received.
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

    /// The same for a read of our own, which also asks again an upstream that says it is busy; its last answer is returned
    /// when it stays so.
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
            let after = RetryAfter.read(response.head.headers, now: Int64(time(nil)))
            guard let delay = delay(.busy(retryAfter: after), retry: retry, since: begin) else { return response }
            try await discard(response)
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

    /// nil for what another attempt does not make better.
    private static func cause(_ error: UpstreamError) -> RetryPolicy.Cause? {
        switch error.code {
        case .stale: .stale
        case .connect, .closed: .lost
        default: nil
        }
    }

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
