import Logging
import RegistryNDN

/// Writes each log event as a line.
struct LineLogHandler: LogHandler {
    let writer: LogWriter
    let format: LogFormat
    let problems: RecentProblems?
    var metadata: Logger.Metadata = [:]
    private let level: LogLevel
    /// Of a copy that has one of its own.
    private var own: Logger.Level?

    var logLevel: Logger.Level {
        get { own ?? level.current }
        set { own = newValue }
    }

    /// - Parameters:
    ///   - descriptor: Where lines go.
    ///   - level: that of all copies which have none of their own.
    ///   - problems: where warnings and errors are kept too.
    init(descriptor: CInt, format: LogFormat, level: LogLevel, problems: RecentProblems? = nil) {
        self.format = format
        self.level = level
        self.problems = problems
        writer = LogWriter(descriptor: descriptor) { count in
            let line = format.line(
                .warning, "log lines are missing here: nobody read them, or they could not be written",
                ["lines": .stringConvertible(count)], at: .now())
            return Array(line.utf8)
        }
        writer.flushAtExit()
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let more = event.metadata { all.merge(more) { _, new in new } }
        let (message, time) = (event.message.description, LogTime.now())
        writer.write(Array(format.line(event.level, message, all, at: time).utf8))
        guard event.level >= .warning, let problems else { return }
        problems.add(
            .init(time: time.sinceEpoch, level: event.level.rawValue, text: LogFormat.sentence(message, all)))
    }
}
