import ArgumentParser
import Logging
import NIOCore
import NIOPosix
import RegistryNDN

#if canImport(Glibc)
    import Glibc
#endif

/// Which forwarder is managed, and with which key.
struct ForwarderOptions: ParsableArguments {
    @Option(
        help: """
            The forwarder: unix:///path or /path, tcp://host:port, host:port (UDP). Over UDP and from other machines it \
            takes only route commands, and only where its localhop_security allows them (default: NDNTS_UPLINK, \
            NDN_CLIENT_TRANSPORT, else unix:///run/nfd/nfd.sock).
            """)
    var router: String?

    @Option(help: "Time for one attempt of a command.")
    var timeout = DurationArgument(.seconds(4))

    @OptionGroup var log: LogOptions

    func validate() throws {
        _ = try uri()
        guard timeout.amount >= .milliseconds(1) else { throw ValidationError("--timeout must be at least 1ms") }
    }

    private func uri() throws -> FaceURI {
        let text = try router ?? Environment()["NDNTS_UPLINK"] ?? Environment()["NDN_CLIENT_TRANSPORT"]
        do {
            return try FaceURI(argument: text ?? "unix:///run/nfd/nfd.sock")
        } catch {
            throw ValidationError("--router \(text ?? ""): \(error)")
        }
    }

    /// Connects, lets `body` work, and closes the connection; what fails is written to stderr in a sentence.
    func withSession(_ body: (ManagementSession) async throws -> Void) async throws {
        var logger = try log.makeLogger(label: "registry-ndn")
        // What goes wrong ends the command with a sentence of its own.
        if log.level == nil { logger.logLevel = .error }
        let session = try await ManagementSession.connect(
            to: try uri(), timeout: timeout.amount, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        do {
            try await body(session)
        } catch {
            await session.close()
            throw error
        }
        await session.close()
    }
}

/// Names on the command line.
enum NameArgument {
    static func parse(_ text: String) throws -> Name {
        do {
            return try Name(uri: text)
        } catch {
            throw ValidationError("\"\(text)\" is not an NDN name, such as /example/docker: \(error)")
        }
    }
}
