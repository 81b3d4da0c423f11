internal import CNDNFast
public import NIOCore

/// One component of a Name (docs/protocol.md 3.1).
public struct NameComponent: Hashable, Sendable {
    /// TLV-TYPE, 1 to 65535.
    public let type: UInt16
    /// TLV-VALUE.
    public let value: ByteBuffer

    /// A component of any type.
    ///
    /// - Throws: `WireError.invalid` for type 0 and for a digest that does not have 32 octets.
    public init(type: UInt16, value: ByteBuffer) throws(WireError) {
        let isDigest = type == Self.implicitDigestType || type == Self.parametersDigestType
        guard type > 0, !isDigest || value.readableBytes == 32 else { throw .invalid }
        self.init(unchecked: type, value)
    }

    package init(unchecked type: UInt16, _ value: ByteBuffer) {
        self.type = type
        self.value = value
    }

    /// Decodes exactly one component element.
    public init(decoding wire: ByteBuffer) throws(WireError) {
        let element = try TLVElement(decoding: wire)
        guard let type = UInt16(exactly: element.type) else { throw .invalid }
        try self.init(type: type, value: element.value)
    }

    /// Octets of the element: TYPE, LENGTH and VALUE.
    public var encodedSize: Int { Int(cndn_element_size(UInt32(type), value.readableBytes)) }

    /// Appends the component element.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.writeTLV(type: UInt32(type), value)
    }

    /// The same component in memory of its own, to be kept longer than a large receive buffer.
    public func owned() -> NameComponent {
        NameComponent(unchecked: type, ByteBuffer(bytes: value.readableBytesView))
    }
}

extension NameComponent {
    package static let implicitDigestType: UInt16 = 1
    package static let parametersDigestType: UInt16 = 2
    package static let genericType: UInt16 = 8
    static let keywordType: UInt16 = 32
    static let segmentType: UInt16 = 50
    static let byteOffsetType: UInt16 = 52
    static let versionType: UInt16 = 54
    static let timestampType: UInt16 = 56
    static let sequenceNumberType: UInt16 = 58

    /// A GenericNameComponent holding UTF-8 text.
    public static func generic(_ text: String) -> NameComponent {
        NameComponent(unchecked: genericType, ByteBuffer(string: text))
    }

    /// A GenericNameComponent of any octets.
    public static func generic(_ octets: some Collection<UInt8>) -> NameComponent {
        NameComponent(unchecked: genericType, ByteBuffer(bytes: octets))
    }

    /// A GenericNameComponent that shares the storage of `octets`.
    public static func generic(_ octets: ByteBuffer) -> NameComponent {
        NameComponent(unchecked: genericType, octets.slice())
    }

    /// A KeywordNameComponent, such as `32=metadata`.
    public static func keyword(_ text: String) -> NameComponent {
        NameComponent(unchecked: keywordType, ByteBuffer(string: text))
    }

    /// `seg=`, number of a segment.
    public static func segment(_ number: UInt64) -> NameComponent { numbered(segmentType, number) }
    /// `off=`, offset of a segment in octets.
    public static func byteOffset(_ number: UInt64) -> NameComponent { numbered(byteOffsetType, number) }
    /// `v=`, version; by custom milliseconds since 1970.
    public static func version(_ number: UInt64) -> NameComponent { numbered(versionType, number) }
    /// `t=`, microseconds since 1970.
    public static func timestamp(_ number: UInt64) -> NameComponent { numbered(timestampType, number) }
    /// `seq=`, sequence number.
    public static func sequenceNumber(_ number: UInt64) -> NameComponent { numbered(sequenceNumberType, number) }

    static func numbered(_ type: UInt16, _ number: UInt64) -> NameComponent {
        var value = ByteBuffer()
        value.writeNonNegativeInteger(number)
        return NameComponent(unchecked: type, value)
    }

    /// The value as NonNegativeInteger, whatever the type; nil when it does not have 1, 2, 4 or 8 octets.
    public var number: UInt64? { try? value.nonNegativeInteger() }

    /// Whether this is a Segment in the only form that producers answer: type 50 and the shortest number.
    public var isSegment: Bool {
        guard type == Self.segmentType, let number else { return false }
        return value.readableBytes == cndn_nni_size(number)
    }
}

extension NameComponent: Comparable {
    /// Canonical order: TYPE, then LENGTH, then octets (docs/protocol.md 3.2).
    public static func < (a: NameComponent, b: NameComponent) -> Bool {
        guard a.type == b.type else { return a.type < b.type }
        guard a.value.readableBytes == b.value.readableBytes else {
            return a.value.readableBytes < b.value.readableBytes
        }
        return a.value.readableBytesView.lexicographicallyPrecedes(b.value.readableBytesView)
    }
}
