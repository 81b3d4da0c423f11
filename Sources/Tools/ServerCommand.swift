import ArgumentParser
import Logging
import NIOCore
import NIOPosix
import RegistryNDN
import ServiceLifecycle
import UnixSignals

/// `registry-ndn server`: answers Interests with the blobs of a registry.
struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Serve the blobs of a registry over NDN.",
        discussion: """
            Whatever the registry lets anybody read is public to whoever reaches the prefix or a cache. SIGUSR1 logs a line \
            of statistics.
            """)

    @OptionGroup var options: ServerOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        // Ranges of the cache; not the buffers that sockets are read into, of half as much.
        Heap.mapBlocks(from: 1 << 20)
        let logger = try log.makeLogger(label: "server")
        let configuration: BlobServer.Configuration
        do {
            configuration = try await options.configuration(logger: logger)
        } catch let error as DotEnv.Failure {
            throw ValidationError("\(error)")
        }
        for uri in configuration.listeners where !uri.isLoopback {
            logger.warning(
                "listening beyond this machine: Data is 100 times an Interest, and UDP sources can be forged",
                metadata: ["uri": "\(uri)"])
        }
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let signals = await UnixSignalsSequence(trapping: .sigusr1)
        let service = BlobServer(
            configuration, group: loops, logger: logger, statisticsSignals: { signals.voids }, ready: Self.announce)
        do {
            try await ServiceGroup(
                services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.quieter
            ).run()
        } catch {
            logger.error("\(error)")
            throw ExitCode.failure
        }
        try await loops.shutdownGracefully()
    }

    private static func announce(_ ready: BlobServer.Ready) {
        switch ready {
        case .listening(let uri): Ready.announce("\(uri)")
        case .serving(let prefix, let uplink): Ready.announce("\(prefix.uri) via \(uplink)")
        }
    }
}
