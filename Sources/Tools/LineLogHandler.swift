import Logging

/// Writes each log event as a line.
struct LineLogHandler: LogHandler {
    let writer: LogWriter
    let format: LogFormat
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    /// - Parameter descriptor: Where lines go.
    init(descriptor: CInt, format: LogFormat) {
        self.format = format
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
        writer.write(Array(format.line(event.level, event.message.description, all, at: .now()).utf8))
    }
}
