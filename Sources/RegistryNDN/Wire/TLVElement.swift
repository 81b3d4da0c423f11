internal import CNDNFast
public import NIOCore

/// One TLV element; its value shares the storage of what was decoded.
public struct TLVElement: Hashable, Sendable {
    /// TLV-TYPE, 1 to 2^32-1.
    public let type: UInt32
    /// TLV-VALUE.
    public let value: ByteBuffer

    /// Decodes exactly one element.
    ///
    /// - Throws: `WireError.incomplete` if octets are missing, `.invalid` if there are too many or a MUST is broken.
    public init(decoding wire: ByteBuffer) throws(WireError) {
        var reader = TLVReader(wire)
        guard let element = try reader.next() else { throw .incomplete }
        guard reader.isAtEnd else { throw .invalid }
        self = element
    }

    init(type: UInt32, value: ByteBuffer) {
        self.type = type
        self.value = value
    }

    /// Whether a packet must be rejected when this element is not recognized in its place (docs/protocol.md 2.2).
    public var isCritical: Bool { cndn_is_critical(type) }

    /// The value as NonNegativeInteger: 1, 2, 4 or 8 octets.
    public func number() throws(WireError) -> UInt64 { try value.nonNegativeInteger() }

    /// The elements inside the value.
    public var children: TLVReader { TLVReader(value) }
}

/// Reads elements that stand back to back: management messages, certificates.
public struct TLVReader: Sendable {
    private var rest: ByteBuffer

    /// A reader of the readable octets, which it does not copy.
    public init(_ octets: ByteBuffer) {
        rest = octets
    }

    /// Whether all octets have been read.
    public var isAtEnd: Bool { rest.readableBytes == 0 }

    /// The next element, nil at the end.
    ///
    /// - Throws: `WireError.incomplete` if the octets end inside an element, `.invalid` if a MUST is broken.
    public mutating func next() throws(WireError) -> TLVElement? {
        guard !isAtEnd else { return nil }
        var element = cndn_element()
        let result = unsafe rest.withReader { reader in unsafe cndn_read_element(&reader, &element) }
        try result.check()
        let value = rest.slice(offset: element.value, length: element.length)
        rest.moveReaderIndex(forwardBy: element.value + element.length)
        return TLVElement(type: element.type, value: value)
    }
}
