public import NIOCore

extension Certificate {
    /// Reads a `.ndncert` file: base64 of the Data packet.
    ///
    /// - Throws: `SecurityError.malformed`.
    public init(file text: String) throws(SecurityError) {
        guard let octets = Base64.decode(text.utf8), !octets.isEmpty else {
            throw SecurityError(.malformed, "no certificate: a .ndncert file is base64 of a Data packet, whole")
        }
        try self.init(decoding: ByteBuffer(bytes: octets))
    }

    /// The label of a certificate in a PEM file of ndnd's tools.
    private static let label = "NDN CERT"

    /// Reads what a file may hold: a certificate or a SafeBag, as base64 or as the element itself; or a certificate as PEM,
    /// which ndnd's tools write.
    ///
    /// - Throws: `SecurityError.malformed`.
    public init(any octets: ByteBuffer) throws(SecurityError) {
        var wire = octets
        let first = octets.getInteger(at: octets.readerIndex, as: UInt8.self)
        if first != UInt8(TLVType.data) && first != UInt8(SafeBag.type) {
            let text = String(buffer: octets)
            if text.contains("-----BEGIN ") {
                wire = try Self.octets(pem: text)
            } else if let decoded = Base64.decode(text.utf8), !decoded.isEmpty {
                wire = ByteBuffer(bytes: decoded)
            } else {
                throw SecurityError(.malformed, "neither a certificate nor a SafeBag, in binary, in base64 or in PEM")
            }
        }
        if wire.getInteger(at: wire.readerIndex, as: UInt8.self) == UInt8(SafeBag.type) {
            self = try SafeBag(decoding: wire).certificate
        } else {
            try self.init(decoding: wire)
        }
    }

    /// The first certificate of a PEM file.
    private static func octets(pem text: String) throws(SecurityError) -> ByteBuffer {
        let pem = try PEM(text)
        guard pem.label == label else {
            throw SecurityError(
                .malformed, "the PEM file has a \(pem.label), not an \(label), which ndnd's `sec sign-cert` writes")
        }
        return pem.octets
    }

    /// The `.ndncert` file: base64 in lines of 64 columns (docs/protocol.md 6.1).
    public var file: String { Base64.encode(data.wire.readableBytesView) }
}
