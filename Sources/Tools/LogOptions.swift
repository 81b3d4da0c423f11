public import ArgumentParser
public import Logging
import RegistryNDN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What is logged, and how.
struct LogOptions: ParsableArguments {
    @Option(
        name: .customLong("log"),
        help: "Log level: trace, debug, info, notice, warning, error (env DOCKER_NDN_LOG; default info).")
    var level: Logger.Level?

    @Option(help: "Lines of the log: json, text for people, or auto: text where stderr is a terminal.")
    var logFormat = LogFormatArgument.auto

    /// The program's root logger, on stderr.
    ///
    /// - Parameters:
    ///   - usual: The level when neither the command line nor the environment says one. Where what goes wrong ends a command
    ///     with a sentence of its own, it is `error`.
    ///   - shared: is set to the level, and is the level of this logger and its copies from then on.
    ///   - problems: where warnings and errors are kept too.
    func makeLogger(
        label: String, usually usual: Logger.Level = .info, level shared: LogLevel = LogLevel(),
        problems: RecentProblems? = nil
    ) throws -> Logger {
        let environment = try Environment()
        shared.set(try level(environment, usually: usual))
        let handler = LineLogHandler(
            descriptor: STDERR_FILENO, format: logFormat.format(for: STDERR_FILENO), level: shared, problems: problems)
        let logger = Logger(label: label) { _ in handler }
        for complaint in environment.complaints { logger.warning("\(complaint)") }
        return logger
    }

    /// The level that is wanted.
    func level(_ environment: Environment, usually usual: Logger.Level = .info) throws -> Logger.Level {
        try level ?? Self.level(environment) ?? usual
    }

    /// What DOCKER_NDN_LOG says; nil without it.
    static func level(_ environment: Environment) throws -> Logger.Level? {
        guard let text = environment["DOCKER_NDN_LOG"] else { return nil }
        // The original's loggers write levels in upper case and know D, I, W, E and N for none.
        let short: [String: Logger.Level] = [
            "v": .trace, "d": .debug, "i": .info, "w": .warning, "e": .error, "f": .critical, "n": .critical,
        ]
        guard let level = Logger.Level(rawValue: text.lowercased()) ?? short[text.lowercased()] else {
            throw ValidationError(
                "DOCKER_NDN_LOG=\(text) is not a log level; use trace, debug, info, notice, warning or error")
        }
        return level
    }
}

// swift-format-ignore: AvoidRetroactiveConformances
extension Logger.Level: @retroactive ExpressibleByArgument {}
