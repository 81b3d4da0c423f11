package import Logging
package import NDN
internal import ServiceLifecycle

/// The client as a program: HTTP endpoints before an NDN path and upstreams.
package struct ClientService: Service {
    /// Seconds that transfers may take to end when the program does: Docker asks again for what was cut.
    package static let patience = 3

    private let endpoints: [HTTPEndpoint]
    private let responder: ClientResponder
    private let network: any BlobNetwork
    private let monitor: ClientMonitor
    private let logger: Logger
    private let signals: @Sendable () -> AsyncStream<Void>
    private let ready: @Sendable () -> Void

    /// - Parameters:
    ///   - endpoints: where the client listens; the position of each is its number among the listeners of `upstreams`.
    ///   - sites: the registries, in the order in which `upstreams` lists them.
    ///   - network: where the registries' blobs come from over NDN; it is shut down at the end.
    ///   - lending: which requests get our own credentials.
    ///   - monitor: is told how the program is.
    ///   - answers: to those who watch the program, at the endpoints too.
    ///   - signals: Each element asks for a statistics line of each registry.
    ///   - ready: called once requests are served.
    package init(
        endpoints: [HTTPEndpoint], sites: [RegistrySite], upstreams: UpstreamSet, network: any BlobNetwork,
        lending: LendingRule = LendingRule(), monitor: ClientMonitor = ClientMonitor(), answers: AdminAnswers? = nil,
        logger: Logger,
        statisticsSignals signals: @escaping @Sendable () -> AsyncStream<Void> = { AsyncStream { $0.finish() } },
        ready: @escaping @Sendable () -> Void
    ) {
        self.endpoints = endpoints
        self.network = network
        self.monitor = monitor
        self.logger = logger
        self.signals = signals
        self.ready = ready
        responder = ClientResponder(
            sites: sites, upstreams: upstreams, lending: lending, answers: answers, logger: logger)
    }

    /// Serves until the task is cancelled, or until the program shuts down gracefully and the last response is out.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await responder.runPaths { await check($0.upstream) } }
            group.addTask { await network.run() }
            group.addTask { for await _ in signals() { await logStatistics() } }
            monitor.begin(responder.registries.current.sites, network, responder.underWay)
            ready()
            await withGracefulShutdownHandler {
                await serve()
            } onGracefulShutdown: {
                monitor.end()
                logEnd()
            }
            group.cancelAll()
        }
        await logStatistics()
        monitor.end()
        for site in responder.registries.everServed { site.upstream.shutdown() }
        await network.shutdown()
    }

    /// Serves other registries from now on; requests that are under way end as they began. A site that was there before goes on
    /// with its counters.
    package func replace(with registries: ServedRegistries) {
        responder.registries.replace(with: registries)
        monitor.serves(registries.sites)
    }

    private func logStatistics() async {
        let hasRouter = await network.isConnected()
        for site in responder.registries.current.sites {
            logger.info("statistics", metadata: site.statistics(hasRouter: hasRouter))
        }
    }

    /// Logs what the program still waits for.
    private func logEnd() {
        let count = responder.underWay.count
        guard count > 0 else { return }
        logger.notice(
            "ending: transfers that are under way are given \(Self.patience) s",
            metadata: ["transfers": .stringConvertible(count)])
    }

    private func serve() async {
        await withTaskGroup(of: Void.self) { group in
            for (number, endpoint) in endpoints.enumerated() {
                group.addTask {
                    do {
                        try await endpoint.run(responder.at(listener: number))
                    } catch {
                        if !Task.isCancelled {
                            logger.error("an endpoint failed", metadata: ["error": "\(ErrorSentence.of(error))"])
                        }
                    }
                }
            }
        }
    }

    /// Logs early what the first request would find out, and when that is over.
    private func check(_ upstream: UpstreamClient) async {
        let check = UpstreamCheck(
            upstream: upstream, noun: "upstream", consequence: "what does not come over NDN will fail until it is",
            logger: logger)
        guard let head = await check.run(), let move = UpstreamMove(head, from: upstream.base) else { return }
        logger.warning(
            "the upstream redirects to another address, where whoever asks goes past this client: give its right URL",
            metadata: [
                "upstream": "\(upstream.base)", "location": "\(move.location)",
                "right": "\(move.base.map(\.description) ?? "not known: is this a registry?")",
            ])
    }
}
