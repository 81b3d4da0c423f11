import ArgumentParser
import Logging
import NDN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How a log event is written as a line.
enum LogFormat: Sendable {
    /// One JSON object, for programs that read it.
    case json
    /// Time of day, level, message and `key=value`, for people (`ReadableFields`).
    case text

    /// A line with its end.
    func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, at time: LogTime) -> String {
        switch self {
        case .json: Self.json(level, message, metadata, time)
        case .text: Self.text(level, message, metadata, time)
        }
    }

    private static func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, _ time: LogTime
    ) -> String {
        var line = "{\"time\":\"\(time.rfc3339)\",\"level\":\"\(level.rawValue)\",\"message\":"
        line.appendJSON(Userinfo.hidden(in: message))
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += ","
            line.appendJSON(key)
            line += ":"
            line.appendJSON(value)
        }
        return line + "}\n"
    }

    private static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, _ time: LogTime
    ) -> String {
        let gap = String(repeating: " ", count: max(1, 9 - level.rawValue.count))
        return "\(time.ofDay) \(level.rawValue)\(gap)\(sentence(message, metadata))\n"
    }

    /// What a line for people says beside its time and level.
    static func sentence(_ message: String, _ metadata: Logger.Metadata) -> String {
        var line = ""
        let readable = ReadableFields(message, metadata)
        line.appendPrintable(Userinfo.hidden(in: readable.message))
        for (key, field) in readable.fields {
            let value = Userinfo.hidden(in: field)
            line += "  \(key)="
            if value.isEmpty || value.contains(where: { $0.isWhitespace || $0 == "\"" }) {
                line.appendJSON(value)
            } else {
                line.appendPrintable(value)
            }
        }
        return line.withShortDigests
    }
}

/// `--log-format`.
enum LogFormatArgument: String, ExpressibleByArgument, CaseIterable {
    case text, json, auto

    /// What it means where lines go to `descriptor`.
    func format(for descriptor: CInt) -> LogFormat {
        switch self {
        case .text: .text
        case .json: .json
        case .auto: isatty(descriptor) == 1 ? .text : .json
        }
    }
}

/// When something was logged.
struct LogTime {
    private let seconds: time_t
    private let milliseconds: Int

    static func now() -> LogTime {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return LogTime(seconds: now.tv_sec, milliseconds: now.tv_nsec / 1_000_000)
    }

    init(seconds: time_t, milliseconds: Int) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    /// Seconds since 1970.
    var sinceEpoch: Double { Double(seconds) + Double(milliseconds) / 1000 }

    /// UTC, with milliseconds.
    var rfc3339: String {
        var (seconds, parts) = unsafe (seconds, tm())
        unsafe gmtime_r(&seconds, &parts)
        let date = unsafe [parts.tm_mon + 1, parts.tm_mday].map { Self.digits(Int($0), 2) }
        return unsafe "\(Self.digits(Int(parts.tm_year) + 1900, 4))-\(date[0])-\(date[1])T\(time(parts))Z"
    }

    /// The wall clock of where the machine is.
    var ofDay: String {
        var (seconds, parts) = unsafe (seconds, tm())
        unsafe localtime_r(&seconds, &parts)
        return unsafe time(parts)
    }

    private func time(_ parts: tm) -> String {
        let time = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Self.digits(Int($0), 2) }
        return "\(time[0]):\(time[1]):\(time[2]).\(Self.digits(milliseconds, 3))"
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

extension String {
    /// Appends a value: numbers and truth values as such, all else as a string (RFC 8259).
    fileprivate mutating func appendJSON(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): appendJSON(Userinfo.hidden(in: text))
        case .stringConvertible(let value) where value is any BinaryInteger || value is Bool: append("\(value)")
        case .stringConvertible(let value as Double) where value.isFinite: append("\(value)")
        case .stringConvertible(let value): appendJSON(Userinfo.hidden(in: "\(value)"))
        case .array(let values):
            append("[")
            for (number, value) in values.enumerated() {
                if number > 0 { append(",") }
                appendJSON(value)
            }
            append("]")
        case .dictionary(let values):
            append("{")
            for (number, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if number > 0 { append(",") }
                appendJSON(key)
                append(":")
                appendJSON(value)
            }
            append("}")
        }
    }

    /// Appends `text` as a JSON string (RFC 8259 section 7).
    fileprivate mutating func appendJSON(_ text: String) {
        append("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            default: appendPrintable(scalar)
            }
        }
        append("\"")
    }

    fileprivate mutating func appendPrintable(_ text: String) {
        for scalar in text.unicodeScalars { appendPrintable(scalar) }
    }

    /// Control characters as JSON escapes them: what a peer sends must neither break lines nor command a terminal.
    private mutating func appendPrintable(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\n": append("\\n")
        case "\r": append("\\r")
        case "\t": append("\\t")
        case _ where scalar.properties.generalCategory == .control:
            let hex = String(scalar.value, radix: 16)
            append("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
        default: unicodeScalars.append(scalar)
        }
    }
}
