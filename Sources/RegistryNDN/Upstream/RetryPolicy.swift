package import NIOCore

/// When a request that may be repeated is sent again: after a connection that brought no answer, and, for reads of our own,
/// after a registry that says it is busy (429, 503).
///
/// The pauses double, with jitter, so that many who failed together do not come back together.
package struct RetryPolicy: Sendable {
    /// Repetitions of one request.
    package var maximumRetries = 3
    /// Upper bound of the first pause.
    package var firstDelay = TimeAmount.milliseconds(100)
    /// Upper bound of any pause that we choose.
    package var maximumDelay = TimeAmount.seconds(2)
    /// The longest pause that a registry may ask for; one that wants longer is not asked again.
    package var maximumRetryAfter = TimeAmount.seconds(10)
    /// No repetition begins later than this after the request's begin.
    package var patience = TimeAmount.seconds(5)
    /// The same where the registry said it is busy, and thus is there.
    package var busyPatience = TimeAmount.seconds(20)

    package init() {}

    /// What went wrong with an attempt.
    enum Cause: Hashable {
        /// A kept connection was closed: that says nothing about the registry.
        case stale
        /// No connection, or one that ended before the first byte of an answer.
        case lost
        /// 429 or 503, with what Retry-After says.
        case busy(retryAfter: TimeAmount?)
    }

    /// How long to wait before the next attempt, nil when there is none.
    ///
    /// - Parameters:
    ///   - retry: 1 for the first repetition.
    ///   - elapsed: since the request's begin.
    ///   - jitter: from 0 up to 1, random.
    func delay(_ cause: Cause, retry: Int, elapsed: TimeAmount, jitter: Double) -> TimeAmount? {
        guard (1...max(1, maximumRetries)).contains(retry), maximumRetries > 0 else { return nil }
        switch cause {
        case .stale: return retry == 1 ? .zero : fitting(backoff(retry, jitter), elapsed, patience)
        case .lost: return fitting(backoff(retry, jitter), elapsed, patience)
        case .busy(nil): return fitting(backoff(retry, jitter), elapsed, busyPatience)
        case .busy(let asked?):
            guard asked <= maximumRetryAfter else { return nil }
            // No client comes back before the time that the registry asked for, and not all of them come at once then.
            return fitting(max(asked, .zero) + backoff(1, jitter), elapsed, busyPatience)
        }
    }

    /// A pause between half of a bound and the bound, which doubles with each repetition.
    private func backoff(_ retry: Int, _ jitter: Double) -> TimeAmount {
        var bound = min(firstDelay.nanoseconds, maximumDelay.nanoseconds)
        for _ in 1..<max(2, min(retry, 40)) where retry > 1 && bound < maximumDelay.nanoseconds {
            bound = min(bound * 2, maximumDelay.nanoseconds)
        }
        return .nanoseconds(bound / 2 + Int64(Double(bound / 2) * min(max(jitter, 0), 1)))
    }

    private func fitting(_ delay: TimeAmount, _ elapsed: TimeAmount, _ limit: TimeAmount) -> TimeAmount? {
        elapsed + delay <= limit ? delay : nil
    }
}
