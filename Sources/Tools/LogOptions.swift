public import ArgumentParser
public import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// The log level, from `--log` or `DOCKER_NDN_LOG`.
struct LogOptions: ParsableArguments {
    @Option(
        name: .customLong("log"), help: "Log level: trace, debug, info, notice, warning, error (env DOCKER_NDN_LOG).")
    var level: Logger.Level?

    /// The program's root logger: one JSON object a line on stderr.
    func makeLogger(label: String) throws -> Logger {
        var logger = Logger(label: label) { _ in JSONLogHandler(stream: .standardError) }
        logger.logLevel = try level ?? Self.environmentLevel() ?? .info
        return logger
    }

    private static func environmentLevel() throws -> Logger.Level? {
        guard let text = unsafe getenv("DOCKER_NDN_LOG").map({ unsafe String(cString: $0) }), !text.isEmpty else {
            return nil
        }
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
