internal import NDN
internal import NIOHTTP1

extension HTTPHeaders {
    /// Takes the white space off the ends of all values, which the parser leaves after them.
    ///
    /// RFC 9110 section 5.5: "When a specific version of HTTP allows such whitespace to appear in a message, a field
    /// parsing implementation MUST exclude such whitespace prior to evaluating the field value."
    mutating func trimValues() {
        guard contains(where: { $0.value.utf8.first.isBlank || $0.value.utf8.last.isBlank }) else { return }
        self = HTTPHeaders(map { ($0.name, Self.trimmed($0.value)) })
    }

    private static func trimmed(_ value: String) -> String {
        var octets = value.utf8.drop { Optional($0).isBlank }
        while octets.last.isBlank { octets.removeLast() }
        return String(Substring(octets))
    }
}

extension UInt8? {
    /// OWS of RFC 9110 section 5.6.3.
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
