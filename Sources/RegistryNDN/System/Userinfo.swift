/// The user and password of URLs (RFC 3986 section 3.2.1), which no message, log line or state shows.
package enum Userinfo {
    /// What stands in its place.
    private static let blank: [UInt8] = Array("***".utf8)

    /// A message without them: words, and what stands in quotes, are looked at each by itself.
    package static func hidden(in message: String) -> String {
        guard message.utf8.contains(UInt8(ascii: "@")) else { return message }
        let octets = Array(message.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < octets.count {
            if isBlank(octets[index]) {
                result.append(octets[index])
                index += 1
                continue
            }
            let end = end(ofWord: index, in: octets)
            result += hidden(octets[index..<end])
            index = end
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A value without it, whatever else it holds: a URL, one without a scheme, or one behind `HOST=`.
    package static func hidden(inValue value: String) -> String {
        String(decoding: hidden(Array(value.utf8)[...]), as: UTF8.self)
    }

    /// Whether a value has a user or a password.
    package static func isIn(_ value: String) -> Bool { hidden(inValue: value) != value }

    /// Where what begins at `start` ends: behind the closing quote where it opens one, else before the next blank.
    private static func end(ofWord start: Int, in octets: [UInt8]) -> Int {
        let plain = octets[start...].firstIndex(where: isBlank) ?? octets.count
        // An apostrophe within a word opens nothing.
        let opening = octets[start..<plain].indices.first {
            isQuote(octets[$0]) && ($0 == start || !isWord(octets[$0 - 1]))
        }
        guard let opening else { return plain }
        let closing = octets[(opening + 1)...].indices.first { index in
            octets[index] == octets[opening] && (index + 1 == octets.count || follows(octets[index + 1]))
        }
        guard let closing, !octets[opening...closing].contains(UInt8(ascii: "\n")) else { return plain }
        return closing + 1
    }

    private static func hidden(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard let at = text.indices.last(where: { text[$0] == UInt8(ascii: "@") && !isDigest(text[($0 + 1)...]) }),
            let start = start(in: text[..<at]), start < at
        else { return Array(text) }
        return text[..<start] + blank + text[at...]
    }

    /// Where the user begins in what is before an @; nil where none does.
    private static func start(in text: ArraySlice<UInt8>) -> Int? {
        let slash = UInt8(ascii: "/")
        if let slashes = text.indices.dropLast().first(where: { text[$0] == slash && text[$0 + 1] == slash }) {
            return slashes + 2
        }
        // Without a scheme only what has a password counts; names of NDN begin with a slash.
        let first = text.firstIndex { !isQuote($0) } ?? text.endIndex
        guard text[first...].contains(UInt8(ascii: ":")), text[first] != slash else { return nil }
        let key = text[first...].prefix { isWord($0) || "-_.+".utf8.contains($0) }
        return key.endIndex < text.endIndex && text[key.endIndex] == UInt8(ascii: "=") ? key.endIndex + 1 : first
    }

    /// `sha256:…`, which follows the @ of an image's reference.
    private static func isDigest(_ text: ArraySlice<UInt8>) -> Bool {
        text.starts(with: "sha256:".utf8) || text.starts(with: "sha512:".utf8)
    }

    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || (0x09...0x0D).contains(octet) }
    private static func isWord(_ octet: UInt8) -> Bool {
        (0x30...0x39).contains(octet) || (0x61...0x7A).contains(octet | 0x20)
    }
    private static func isQuote(_ octet: UInt8) -> Bool { octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "'") }
    /// What may stand behind a closing quote.
    private static func follows(_ octet: UInt8) -> Bool { isBlank(octet) || ":;,.)]".utf8.contains(octet) }
}
