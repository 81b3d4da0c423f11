internal import NIOCore

extension ByteBuffer {
    /// The readable octets as UTF-8; what is not UTF-8 reads as U+FFFD.
    var text: String { String(buffer: self) }
}

extension TLVElement {
    /// The elements inside the only element of `wire`, which must be of `type`.
    static func unwrap(_ type: UInt32, from wire: ByteBuffer) throws(WireError) -> TLVReader {
        let element = try TLVElement(decoding: wire)
        guard element.type == type else { throw .invalid }
        return element.children
    }
}
