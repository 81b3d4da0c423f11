internal import NIOCore

/// One textual encoding of RFC 7468: a label and octets; text before it is ignored, and so are header fields before the
/// octets as RFC 1421 has them and ndnd writes them.
struct PEM {
    let label: String
    let octets: ByteBuffer

    init(label: String, octets: ByteBuffer) {
        self.label = label
        self.octets = octets
    }

    /// Reads the first one of a text.
    ///
    /// - Throws: `SecurityError.malformed`.
    init(_ text: String) throws(SecurityError) {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let start = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN ") && $0.hasSuffix("-----") }) else {
            throw SecurityError(.malformed, "no line -----BEGIN …----- of a PEM file")
        }
        let label = String(lines[start].dropFirst(11).dropLast(5))
        guard let end = lines[start...].firstIndex(of: "-----END \(label)-----") else {
            throw SecurityError(.malformed, "the PEM file is truncated: no line -----END \(label)-----")
        }
        let body = lines[(start + 1)..<end]
        // A field has a colon, which base64 has not; white space continues the field before.
        let fields =
            body.first?.contains(":") == true ? body.prefix { $0.contains(":") || $0.first?.isWhitespace == true } : []
        guard let octets = Base64.decode(body.dropFirst(fields.count).joined().utf8), !octets.isEmpty else {
            throw SecurityError(.malformed, "the PEM file is damaged: what is between its marks is no base64")
        }
        self.init(label: label, octets: ByteBuffer(bytes: octets))
    }

    var text: String {
        "-----BEGIN \(label)-----\n" + Base64.encode(octets.readableBytesView) + "-----END \(label)-----\n"
    }
}
