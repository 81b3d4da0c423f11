import ArgumentParser
import Logging
import Synchronization

/// Reads the options of a running program again: its configuration file, and the `.env` of a server.
final class OptionReload<Command: ParsableCommand & Sendable>: Sendable {
    /// Puts what it can of a command's options in force, all of it or, when it throws, nothing. Returns the names of those that
    /// are in force now.
    typealias Take = @Sendable (Command) async throws -> Set<String>

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let inForce: Mutex<OptionsInForce>
    private let logger: Logger
    private let take: Take

    init(_ sources: OptionSources, logger: Logger, take: @escaping Take) {
        inForce = Mutex(OptionsInForce(sources.given))
        self.logger = logger
        self.take = take
    }

    /// - Throws: what is wrong with the options; the old ones stay in force then.
    func perform() async throws {
        let (sources, command) = try Self.read()
        let changes = inForce.withLock { $0.changes(to: sources.given) }
        let taken = try await take(command)
        inForce.withLock { $0.take(taken, from: sources.given) }
        for name in changes {
            let place: Logger.Metadata = ["from": "\(sources[name].map { "\($0.source)" } ?? "nobody")"]
            if taken.contains(name) {
                logger.notice("--\(name) is changed", metadata: place)
            } else {
                logger.warning("--\(name) is changed, which needs a restart: the old one stays in use", metadata: place)
            }
        }
    }

    private static func read() throws -> (OptionSources, Command) {
        let sources = try OptionSources(ProcessArguments.afterName())
        do {
            let parsed = try RegistryNDNCommand.parseAsRoot(NegativeValues.attached(sources.complete))
            guard let command = parsed as? Command else {
                throw Failure(description: "the command line is that of another command")
            }
            return (sources, command)
        } catch {
            throw Failure(description: sources.located(RegistryNDNCommand.message(for: error)))
        }
    }
}

extension OptionReload {
    /// For SIGHUP; nil where there is no file that could have changed.
    ///
    /// - Parameter name: what is read, and the file, where that is not the configuration file.
    static func reload(
        logger: Logger, otherwise: (name: String, file: String)? = nil, take: @escaping Take
    ) -> Reload? {
        guard let sources = OptionSources.inForce else { return nil }
        let options = OptionReload(sources, logger: logger, take: take)
        let ofOptions = (name: "the configuration", file: sources.file ?? "./.env")
        guard let what = sources.mayChange ? ofOptions : otherwise else { return nil }
        return Reload(what.name, file: what.file) { try await options.perform() }
    }
}
