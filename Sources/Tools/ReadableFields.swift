import Logging

/// What a log event says, put for people: sizes and durations in units that suit them, what tells programs alone left out, and
/// a request as one sentence.
struct ReadableFields {
    let message: String
    /// Keys in order, with their texts.
    let fields: [(key: String, text: String)]

    init(_ message: String, _ metadata: Logger.Metadata) {
        var texts = metadata.mapValues(\.description)
        texts["request"] = nil
        self.message = Self.request(message, &texts) ?? message
        fields = texts.sorted { $0.key < $1.key }.map { key, text in Self.readable(key, text) }
    }

    /// The line of a request to the client, and takes what it says out of `texts`.
    private static func request(_ message: String, _ texts: inout [String: String]) -> String? {
        guard message == "request", let method = texts["method"], let path = texts["path"] else { return nil }
        let octets = ["ndn_bytes", "upstream_bytes"].map { texts[$0].flatMap(UInt64.init) ?? 0 }
        let size = octets.reduce(0, &+)
        let milliseconds = texts["duration_ms"].flatMap(UInt64.init) ?? 0
        let status = texts["status"].flatMap { $0 == "0" ? nil : $0 }
        let source =
            switch texts["source"] {
            case "both": "\(Self.size(octets[0])) from ndn and \(Self.size(octets[1])) from upstream"
            case let source? where source != "none": size == 0 ? "from \(source)" : "\(Self.size(size)) from \(source)"
            default: status == nil ? "nothing" : "answered here"
            }
        if texts["retries"] == "0" { texts["retries"] = nil }
        for key in [
            "method", "path", "status", "source", "ndn_bytes", "upstream_bytes", "duration_ms", "name", "digest",
            "segments",
        ] { texts[key] = nil }
        return
            "\(method) \(path): \(status ?? "no answer"), \(source) in \(duration(microseconds: milliseconds * 1000))"
    }

    private static func readable(_ key: String, _ text: String) -> (key: String, text: String) {
        guard let number = UInt64(text) else { return (key, text) }
        if key.hasSuffix("_bytes") { return (key, size(number)) }
        if key.hasSuffix("_bytes_per_second") { return (String(key.dropLast(17)), "\(size(number))/s") }
        for (suffix, unit) in [("_ms", 1000), ("_us", 1)] as [(String, UInt64)] where key.hasSuffix(suffix) {
            let (microseconds, overflow) = number.multipliedReportingOverflow(by: unit)
            return (String(key.dropLast(suffix.count)), overflow ? text : duration(microseconds: microseconds))
        }
        return (key, text)
    }

    /// `168.0 MB`.
    private static func size(_ octets: UInt64) -> String { ProgressBar.size(Double(octets)) }

    /// `0.3 ms`, `42 ms`, `1.2 s`, `12 min`.
    private static func duration(microseconds: UInt64) -> String {
        switch microseconds {
        case ..<10_000: "\(ProgressBar.tenths(Double(microseconds) / 1000)) ms"
        case ..<1_000_000: "\(microseconds / 1000) ms"
        case ..<600_000_000: "\(ProgressBar.tenths(Double(microseconds) / 1e6)) s"
        default: "\(microseconds / 60_000_000) min"
        }
    }
}

extension String {
    /// The same with the digests in it cut to 12 of their 64 digits, which people tell apart: `sha256:0123456789ab`.
    var withShortDigests: String {
        let parts = split(separator: "sha256:", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return self }
        return parts[0]
            + parts.dropFirst().map { part in
                let digits = part.prefix { $0.isASCII && $0.isHexDigit }
                guard digits.count == 64 else { return "sha256:\(part)" }
                return "sha256:\(digits.prefix(12))\(part.dropFirst(64))"
            }.joined()
    }
}
