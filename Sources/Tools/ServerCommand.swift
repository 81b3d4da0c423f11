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

    func run() async throws {
        try OpenFiles.prepare()
        // Ranges of the cache; not the buffers that sockets are read into, of half as much.
        Heap.mapBlocks(from: 1 << 20)
        let problems = RecentProblems()
        let logger = try log.makeLogger(label: "server", problems: problems)
        let program = await RunningProgram(logger: logger)
        let monitor = ServerMonitor()
        try await admin.serving(AdminAnswers(monitor, problems), logger: logger) {
            try await serve(program, monitor, logger)
        }
    }

    private func serve(_ program: RunningProgram, _ monitor: ServerMonitor, _ logger: Logger) async throws {
        let configuration = try await options.configuration(logger: logger)
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
        try await program.run(
            service, reloads: [configuration.upstream.credentials.map(Reload.init)].compactMap { $0 })
        try await loops.shutdownGracefully()
    }

    private static func announce(_ ready: BlobServer.Ready) {
        switch ready {
        case .listening(let uri): Ready.announce("\(uri)")
        case .serving(let prefix, let uplink): Ready.announce("\(prefix.uri) via \(uplink)")
        }
    }
}
