import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// `registry-ndn server`: answers Interests with the blobs of a registry.
struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Serve the blobs of a registry over NDN.",
        discussion: """
            Whatever the registry lets anybody read is public to whoever reaches the prefix or a cache. SIGUSR1 logs a line \
            of statistics.
            """)

    @OptionGroup var options: ServerOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var file: ConfigurationOptions

    func run() async throws {
        try OpenFiles.prepare()
        // Ranges of the cache; not the buffers that sockets are read into, of half as much.
        Heap.mapBlocks(from: 1 << 20)
        let level = LogLevel()
        let problems = RecentProblems()
        let logger = try log.makeLogger(label: "server", level: level, problems: problems)
        let program = await RunningProgram(logger: logger)
        let monitor = ServerMonitor()
        try await admin.serving(AdminAnswers(monitor, problems), logger: logger) {
            try await serve(program, monitor, level, logger)
        }
    }

    private func serve(
        _ program: RunningProgram, _ monitor: ServerMonitor, _ level: LogLevel, _ logger: Logger
    ) async throws {
        let configuration = try await options.configuration(logger: logger)
        try admin.check(beside: configuration.listeners, of: "--listen")
        for uri in configuration.listeners where !uri.isOfThisMachine {
            logger.warning(
                "listening beyond this machine: Data is 100 times an Interest, and UDP sources can be forged",
                metadata: ["uri": "\(uri)"])
        }
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let service = BlobServer(
            configuration, group: loops, logger: logger, monitor: monitor,
            statisticsSignals: { program.statisticsRequests },
            ready: Self.announce)
        let (keeper, tls) = (configuration.upstream.credentials, configuration.upstream.tls)
        let options = OptionReload<Self>.reload(logger: logger) { new in
            var taken: Set = ["log"]
            let wanted = try new.log.level(Environment())
            let renewed = try new.options.connecting.renewed(from: self.options.connecting)
            if let keeper, case .registry(let url) = configuration.origin {
                try await new.options.renew(keeper, for: url, logger: logger)
                taken.insert("credentials")
            }
            if let tls, let renewed {
                tls.use(renewed)
                taken.formUnion(UpstreamOptions.renewable)
            }
            level.set(wanted)
            return taken
        }
        try await program.run(
            service, options: options,
            reloads: {
                var reloads = [tls.flatMap(Reload.init)].compactMap { $0 }
                if let keeper { reloads.append(await .of(keeper)) }
                return reloads
            })
        try await loops.shutdownGracefully()
    }

    private static func announce(_ ready: BlobServer.Ready) {
        switch ready {
        case .listening(let uri): Ready.announce("\(uri)")
        case .serving(let prefix, let uplink): Ready.announce("\(prefix.uri) via \(uplink)")
        }
    }
}

extension ServerCommand: CheckedCommand {
    func check() throws { try options.check(Environment()) }
}
