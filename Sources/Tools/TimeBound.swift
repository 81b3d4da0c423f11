import NIOCore

/// A time for work that may hang where nothing can be cancelled, as a host's name that is looked up.
struct TimeBound {
    struct Exceeded: Error, CustomStringConvertible {
        let limit: TimeAmount

        var description: String { "no answer within \(limit.nanoseconds / 1_000_000_000) s" }
    }

    let limit: TimeAmount

    /// What `work` gives, or `Exceeded`: then it is cancelled, and not waited for.
    func run<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let (ends, end) = AsyncStream.makeStream(of: Swift.Result<Result, any Error>.self)
        let limit = limit
        let working = Task {
            do { end.yield(.success(try await work())) } catch { end.yield(.failure(error)) }
        }
        let waiting = Task {
            guard (try? await Task.sleep(for: .nanoseconds(limit.nanoseconds))) != nil else { return }
            end.yield(.failure(Exceeded(limit: limit)))
        }
        defer {
            working.cancel()
            waiting.cancel()
        }
        for await result in ends { return try result.get() }
        throw CancellationError()
    }
}
