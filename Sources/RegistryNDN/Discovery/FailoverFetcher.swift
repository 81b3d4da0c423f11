package import Logging
package import NDN
package import NIOCore
internal import Synchronization

/// Fetches blobs through the best of several routers, and through the next when that fails.
package final class FailoverFetcher: BlobNetwork {
    private struct State {
        var routers = RouterSet()
        var fetchers: [Router: BlobFetcher] = [:]
        /// Who waits for the first search.
        var waiting: [AsyncStream<Void>.Continuation] = []
        var hasSearched = false
        var lastError: DiscoveryError?
        var isShutDown = false
    }

    private let finder: RouterFinder
    private let patience: TimeAmount
    private let connect: @Sendable (FaceURI, Bool) async throws -> BlobFetcher
    private let logger: Logger
    private let state = Mutex(State())
    private let searches: AsyncStream<Void>
    private let wanted: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - patience: how long a blob that is asked for first waits for a router to be found, and how long one router has.
    ///   - connect: makes the connection to a router; the flag says whether to return only once it is up.
    package init(
        finder: RouterFinder, patience: TimeAmount, logger: Logger,
        connect: @escaping @Sendable (FaceURI, _ waitsUntilUp: Bool) async throws -> BlobFetcher
    ) {
        self.finder = finder
        self.patience = patience
        self.connect = connect
        self.logger = logger
        (searches, wanted) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Why no router is known, after a search that found none.
    package var lastError: DiscoveryError? { state.withLock { $0.lastError } }

    package func isConnected() async -> Bool { state.withLock { $0.routers.current != nil } }

    package func routers() async -> [RouterStanding] { state.withLock { $0.routers.standings } }

    /// Looks for routers, now and whenever all that are known have failed, until the task is cancelled.
    package func run() async {
        wanted.yield()
        for await _ in searches {
            guard state.withLock({ $0.routers.beginsSearch(now: .now()) }) else { continue }
            await search()
            // The search found no router: the next one follows after a while.
            if state.withLock({ $0.routers.current == nil }) {
                try? await Task.sleep(for: .nanoseconds(RouterSet.searchInterval.nanoseconds))
                wanted.yield()
            }
        }
    }

    /// Looks for routers once.
    package func search() async {
        do throws(DiscoveryError) {
            let measurements = try await finder.find()
            let (current, spares) = state.withLock { state in
                state.routers.replace(with: measurements)
                state.lastError = nil
                return (state.routers.current, state.routers.spares.count)
            }
            let chosen = measurements.first { $0.router == current }
            logger.notice(
                "router chosen",
                metadata: [
                    "router": "\(current.map { "\($0.uri)" } ?? "none")", "spares": .stringConvertible(spares),
                    "rtt_us": "\((chosen?.rtt?.nanoseconds ?? -1000) / 1000)",
                ])
        } catch {
            if !Task.isCancelled { logger.warning("no router found", metadata: ["error": "\(error)"]) }
            state.withLock { $0.lastError = error }
        }
        let waiting = state.withLock { state in
            state.hasSearched = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.finish() }
    }

    package func stream(
        _ blob: Name, range: BlobRange, size hint: UInt64?, repair: BlobRepair?
    ) async throws(FetchError) -> any BlobStream {
        let (router, reader) = try await open(blob, range: range, size: hint, repair: repair, avoiding: [])
        return FailoverStream(blob, router, reader, repair, in: self)
    }

    /// Opens a range of a blob through the router in use, or the next ones; each at most once, and for about two times
    /// the time that one has.
    func open(
        _ blob: Name, range: BlobRange, size hint: UInt64?, repair: BlobRepair?, avoiding failed: Set<Router>
    ) async throws(FetchError) -> (Router, BlobReader) {
        var failed = failed
        var last = FetchError.faceDown
        let end = NIODeadline.now() + patience + patience
        while NIODeadline.now() < end, let router = await router(), failed.insert(router).inserted {
            do throws(FetchError) {
                let fetcher = try await fetcher(for: router)
                let reader = try await fetcher.open(blob, range: range, size: hint, repair: repair)
                state.withLock { $0.routers.worked(router) }
                return (router, reader)
            } catch {
                guard error.isPathFailure else { throw error }
                last = error
                self.failed(router, error)
            }
        }
        throw last
    }

    package func probe(_ name: Name) async -> Bool {
        guard let router = await router(), let fetcher = try? await fetcher(for: router) else { return false }
        if await fetcher.probe(name) { return true }
        failed(router, .noSize)
        return false
    }

    /// A router failed: another one is used from now on.
    func failed(_ router: Router, _ error: FetchError) {
        let (isOther, next) = state.withLock { state in
            (state.routers.failed(router, now: .now()), state.routers.current)
        }
        if isOther, let next {
            logger.warning(
                "router failed, using the next",
                metadata: ["router": "\(router.uri)", "next": "\(next.uri)", "error": "\(error)"])
        }
        wanted.yield()
    }

    /// The router in use; the first search is waited for, but not longer than for a blob's size.
    private func router() async -> Router? {
        if let known = state.withLock({ $0.hasSearched ? .some($0.routers.current) : nil }) { return known }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.firstSearch() }
            tasks.addTask { try? await Task.sleep(for: .nanoseconds(self.patience.nanoseconds)) }
            await tasks.next()
            tasks.cancelAll()
        }
        return state.withLock { $0.routers.current }
    }

    private func firstSearch() async {
        let (stream, done) = AsyncStream.makeStream(of: Void.self)
        let isDone = state.withLock { state in
            if !state.hasSearched { state.waiting.append(done) }
            return state.hasSearched
        }
        if isDone { return }
        // Ends with the search, or with the task.
        for await _ in stream {}
    }

    private func fetcher(for router: Router) async throws(FetchError) -> BlobFetcher {
        if let known = state.withLock({ $0.fetchers[router] }) { return known }
        let made: BlobFetcher
        do {
            made = try await connect(router.uri, router.uri.scheme != .udp)
        } catch {
            throw .faceDown
        }
        let (kept, isShutDown) = state.withLock { state in
            let kept = state.fetchers[router] ?? made
            state.fetchers[router] = kept
            return (kept, state.isShutDown)
        }
        if kept !== made || isShutDown { await made.shutdown() }
        return kept
    }

    package func shutdown() async {
        let (fetchers, waiting) = state.withLock { state in
            state.isShutDown = true
            state.hasSearched = true
            defer { state.waiting = [] }
            return (Array(state.fetchers.values), state.waiting)
        }
        for waiter in waiting { waiter.finish() }
        wanted.finish()
        for fetcher in fetchers { await fetcher.shutdown() }
    }
}
