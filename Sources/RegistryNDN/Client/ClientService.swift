public import Logging
internal import NIOCore
internal import NIOHTTP1
public import ServiceLifecycle

/// The client as a program: an HTTP endpoint before an NDN path and an upstream.
public struct ClientService: Service {
    private let endpoint: HTTPEndpoint
    private let responder: ClientResponder
    private let fetcher: BlobFetcher
    private let upstream: UpstreamClient
    private let logger: Logger
    private let ready: @Sendable () -> Void

    /// - Parameters:
    ///   - prefix: below which the blobs have their names.
    ///   - probeName: asked for instead of a failed blob when the NDN path is probed.
    ///   - ready: called once requests are served.
    public init(
        endpoint: HTTPEndpoint, prefix: Name, fetcher: BlobFetcher, upstream: UpstreamClient, probeName: Name? = nil,
        logger: Logger, ready: @escaping @Sendable () -> Void
    ) {
        self.endpoint = endpoint
        self.fetcher = fetcher
        self.upstream = upstream
        self.logger = logger
        self.ready = ready
        responder = ClientResponder(
            prefix: prefix, source: RouterBlobSource(fetcher: fetcher, probeName: probeName), upstream: upstream,
            logger: logger)
    }

    /// Serves until the task is cancelled, or until the program shuts down gracefully and the last response is out.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await responder.runProbes() }
            group.addTask { await checkUpstream() }
            ready()
            do {
                try await endpoint.run(responder)
            } catch {
                if !Task.isCancelled { logger.error("the endpoint failed", metadata: ["error": "\(error)"]) }
            }
            group.cancelAll()
        }
        upstream.shutdown()
        await fetcher.shutdown()
    }

    /// Says early what the first request would find out.
    private func checkUpstream() async {
        do {
            let answer = try await upstream.execute(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/"))
            for try await _ in answer.body {}
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning(
                "the upstream does not answer; what does not come over NDN will fail until it does",
                metadata: ["upstream": "\(upstream.base)", "error": "\(error)"])
        }
    }
}
