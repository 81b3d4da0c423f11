import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

#if canImport(Glibc)
    import Glibc
#endif

/// `registry-ndn client`: what Docker pulls from.
struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Serve a registry's blobs over NDN to Docker, and the rest from the registry.",
        discussion: """
            Point docker, podman or skopeo at the listening address instead of the registry. Blobs come over NDN; when \
            NDN fails, and for everything else, requests go to the upstream.
            """)

    @OptionGroup var registry: RegistryOptions

    @OptionGroup var asking: RouterOptions
    @OptionGroup var endpoint: EndpointOptions
    @OptionGroup var patience: PatienceOptions
    @OptionGroup var discovery: DiscoveryOptions

    @Option(
        help: "Name asked for to find out whether a router works, and whether a failed NDN path does again.",
        transform: NameArgument.parse)
    var probeInterest: Name?

    @Option(
        help: """
            What becomes of a blob that NDN does not deliver: proxy (it comes from the upstream through here), redirect \
            (307 to the upstream) or fail. (default: proxy)
            """, transform: Self.fallbackPolicy)
    var fallback = FallbackPolicy.proxy

    @OptionGroup var fetching: FetchOptions
    @OptionGroup var face: FaceOptions
    @OptionGroup var connecting: UpstreamOptions
    @OptionGroup var access: CredentialOptions

    @Flag(help: "Use --credentials for whoever reaches --listen, though it is not only this machine.")
    var shareCredentials = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var file: ConfigurationOptions

    func run() async throws {
        try OpenFiles.prepare()
        // Slabs of segments, the smallest too (`BudgetShare`).
        Heap.mapBlocks(from: 96 << 10)
        let level = LogLevel()
        let problems = RecentProblems()
        let logger = try log.makeLogger(label: "client", level: level, problems: problems)
        let program = await RunningProgram(logger: logger)
        let monitor = ClientMonitor()
        let answers = AdminAnswers(monitor, problems)
        try await admin.serving(answers, logger: logger) { try await serve(program, monitor, answers, level, logger) }
    }

    private func serve(
        _ program: RunningProgram, _ monitor: ClientMonitor, _ answers: AdminAnswers, _ level: LogLevel,
        _ logger: Logger
    ) async throws {
        let registries = try registry.registries()
        try admin.check(beside: registries.listeners, of: "--listen")
        MemoryLimit.warns("--memory", fetching.memory.octets, .ofProcess(), logger)
        let hasCredentials = try checkSharing(registries)
        for listener in registries.listeners where !listener.isLoopback {
            logger.warning(
                "listening beyond this machine: whoever reaches the port can pull", metadata: ["listen": "\(listener)"])
        }
        var connecting = try connecting.configuration(logger: logger)
        connecting.commitTimeout = patience.commitTimeout.amount
        let certificate = try endpoint.certificate(logger: logger)
        // The face has a loop of its own: it must not wait for a connection's writes.
        let faces = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let connections = MultiThreadedEventLoopGroup(numberOfThreads: min(4, max(1, System.coreCount - 1)))
        var endpoints: [HTTPEndpoint] = []
        for listener in registries.listeners {
            endpoints.append(try await bind(listener, certificate, connections, logger))
        }
        let router = try asking.choice()
        if case .local(let forwarder) = router {
            logger.notice(
                "using this machine's forwarder; name another router with --router, or --router fch for one that NDN-FCH names",
                metadata: ["router": "\(forwarder.uri)", "because": "\(forwarder.source)"])
        }
        let network = try await network(router, for: registries.registries[0].name, faces, logger)
        let made = ClientRegistries(
            .init(
                connecting: connecting, network: network, probeName: probeInterest, policy: fallback,
                isInsecure: self.connecting.insecure, connections: connections), logger: logger)
        let plan = try await first(
            made, registries,
            lending: endpoint.lending(
                registries, hasCredentials: hasCredentials, hasCertificate: self.connecting.cert != nil), logger)
        let addresses = zip(registries.listeners, endpoints).map { $0.with(port: $1.address?.port ?? $0.port) }
        let service = ClientService(
            endpoints: endpoints, sites: plan.served.sites, upstreams: plan.served.upstreams, network: network,
            lending: plan.served.lending,
            monitor: monitor, answers: answers, logger: logger,
            statisticsSignals: { program.statisticsRequests },
            ready: {
                for address in addresses {
                    Ready.announce("\(certificate == nil ? "http" : "https")://\(address) via \(router)")
                }
            })
        let reload = ClientReload(
            started: self, listeners: registries.listeners, registries: made, service: service,
            certificate: certificate, tls: connecting.tls, level: level, logger: logger)
        try await program.run(
            service, options: reload.options,
            reloads: { [tls = connecting.tls] in
                [certificate.map(Reload.init), tls.flatMap(Reload.init)].compactMap { $0 } + (await made.reloads)
            },
            patience: .seconds(ClientService.patience))
        try? await faces.shutdownGracefully()
        try? await connections.shutdownGracefully()
    }

    /// The registries to begin with; what is wrong is told, and ends the program.
    private func first(
        _ made: ClientRegistries, _ registries: MirroredRegistries, lending: LendingRule, _ logger: Logger
    ) async throws -> ClientRegistries.Plan {
        do {
            let plan = try await made.plan(registries, access, lending: lending)
            await made.follow(plan)
            return plan
        } catch let error as CredentialOptions.Failure {
            logger.error("\(error)")
            throw ExitCode.failure
        }
    }

    /// Whether there are credentials of our own; refuses those that whoever reaches a listener would pull with unasked.
    func checkSharing(_ registries: MirroredRegistries) throws -> Bool {
        let isShared = registries.listeners.contains { !$0.isLoopback }
        let hasCredentials = access.credentials != nil || registries.registries.contains { $0.credentials != nil }
        guard !hasCredentials && connecting.cert == nil || shareCredentials || !isShared else {
            throw ValidationError(
                "--credentials or --cert with a --listen beyond this machine: whoever reaches it would pull with them; give --share-credentials if that is meant, or listen at 127.0.0.1"
            )
        }
        return hasCredentials
    }

    private func network(
        _ router: RouterOptions.Choice, for name: Name, _ group: any EventLoopGroup, _ logger: Logger
    ) async throws -> any BlobNetwork {
        let configuration = try fetching.configuration()
        let connect = { @Sendable [face = face.configuration] (router: FaceURI, waitsUntilUp: Bool) in
            try await BlobFetcher.connect(
                router: router, configuration: configuration, face: face, group: group, logger: logger,
                waitsUntilUp: waitsUntilUp)
        }
        if let uri = router.uri { return try await connect(uri, false) }
        let questions = ProbeQuestions(name: probeInterest, producer: name)
        return FailoverFetcher(
            finder: try discovery.finder(
                questions, authorityFile: connecting.caFile, proxies: try connecting.proxies(),
                localPatience: asking.isDirectoryNamed ? nil : .seconds(2), group: group, logger: logger),
            patience: configuration.sizeTimeout,
            logger: logger, connect: connect)
    }

    private func bind(
        _ listen: ListenArgument, _ certificate: EndpointCertificate?, _ group: any EventLoopGroup, _ logger: Logger
    ) async throws -> HTTPEndpoint {
        do {
            return try await HTTPEndpoint.bind(
                host: listen.host, port: listen.port, limits: patience.limits, certificate: certificate, group: group,
                logger: logger)
        } catch {
            logger.error("\(error)")
        }
        throw ExitCode.failure
    }

    private static func fallbackPolicy(_ text: String) throws -> FallbackPolicy {
        guard let policy = FallbackPolicy(rawValue: text) else {
            let known = FallbackPolicy.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--fallback \(text): use one of \(known)")
        }
        return policy
    }
}

extension ClientCommand: CheckedCommand {
    func check() throws {
        _ = try connecting.proxies()
        _ = try fetching.configuration()
        guard registry.mirrors == nil else { return }
        let registries = try registry.registries()
        try admin.check(beside: registries.listeners, of: "--listen")
        _ = try checkSharing(registries)
    }
}
