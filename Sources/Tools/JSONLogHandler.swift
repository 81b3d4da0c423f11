import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// Writes each log event as one JSON object on one line.
///
/// A line is one `write(2)`, so that lines of several threads do not mix.
struct JSONLogHandler: LogHandler {
    /// Where lines go.
    enum Stream: Sendable {
        case standardError

        var descriptor: Int32 { STDERR_FILENO }
    }

    let stream: Stream
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    init(stream: Stream) {
        self.stream = stream
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "{\"time\":\"\(Self.timestamp())\",\"level\":\"\(event.level.rawValue)\",\"message\":"
        line.appendJSON(event.message.description)
        var all = metadata
        if let more = event.metadata { all.merge(more) { _, new in new } }
        for key in all.keys.sorted() {
            line += ","
            line.appendJSON(key)
            line += ":"
            line.appendJSON(all[key]?.description ?? "")
        }
        line += "}\n"
        write(line)
    }

    private func write(_ line: String) {
        var line = line
        line.withUTF8 { octets in
            // A log that cannot be written has nowhere to say so.
            _ = unsafe Glibc.write(stream.descriptor, octets.baseAddress, octets.count)
        }
    }

    /// UTC, RFC 3339, milliseconds.
    private static func timestamp() -> String {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        var parts = unsafe tm()
        unsafe gmtime_r(&now.tv_sec, &parts)
        func pad(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date =
            unsafe "\(pad(Int(parts.tm_year) + 1900, 4))-\(pad(Int(parts.tm_mon) + 1, 2))-\(pad(Int(parts.tm_mday), 2))"
        let time = unsafe "\(pad(Int(parts.tm_hour), 2)):\(pad(Int(parts.tm_min), 2)):\(pad(Int(parts.tm_sec), 2))"
        return "\(date)T\(time).\(pad(now.tv_nsec / 1_000_000, 3))Z"
    }
}

extension String {
    /// Appends `text` as a JSON string (RFC 8259 section 7).
    mutating func appendJSON(_ text: String) {
        append("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case _ where scalar.value < 0x20:
                append("\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16))
            default: unicodeScalars.append(scalar)
            }
        }
        append("\"")
    }
}
