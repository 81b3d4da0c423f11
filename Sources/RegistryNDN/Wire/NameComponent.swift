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

    /// The component that a Data's full name ends in.
    package static func implicitDigest(_ digest: SHA256Digest) -> NameComponent {
        NameComponent(unchecked: implicitDigestType, ByteBuffer(bytes: digest.bytes))
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

extension NameComponent: CustomStringConvertible {
    private static let numberNames: [(type: UInt16, name: String)] = [
        (segmentType, "seg"), (byteOffsetType, "off"), (versionType, "v"), (timestampType, "t"),
        (sequenceNumberType, "seq"),
    ]
    private static let digestNames: [(type: UInt16, name: String)] = [
        (implicitDigestType, "sha256digest"), (parametersDigestType, "params-sha256"),
    ]

    /// Reads one component of a Name URI, in canonical or alternate form (docs/protocol.md 3.3).
    ///
    /// - Throws: `WireError.uri` with a sentence that names the component.
    public init(uri: String) throws(WireError) {
        guard let sign = uri.firstIndex(of: "=") else {
            self.init(unchecked: Self.genericType, try Self.unescape(uri[...], in: uri))
            return
        }
        let key = uri[..<sign]
        let text = uri[uri.index(after: sign)...]
        if let type = Self.numberNames.first(where: { $0.name == key })?.type {
            guard let number = UInt64(text), text.allSatisfy({ $0.isASCII && $0.isNumber }) else {
                throw .uri("'\(uri)': \(key)= needs a decimal number below 2^64")
            }
            self = .numbered(type, number)
        } else if let type = Self.digestNames.first(where: { $0.name == key })?.type {
            guard let digest = SHA256Digest(hex: text) else { throw .uri("'\(uri)': \(key)= needs 64 hex digits") }
            self.init(unchecked: type, ByteBuffer(bytes: digest.bytes))
        } else {
            self = try Self.typed(key, text, in: uri)
        }
    }

    private static func typed(_ key: Substring, _ text: Substring, in uri: String) throws(WireError) -> NameComponent {
        guard let type = UInt16(key), type > 0, key.allSatisfy({ $0.isNumber }) else {
            throw .uri("'\(uri)': '\(key)' is no component type; an equals sign in a value is written %3D")
        }
        do {
            return try NameComponent(type: type, value: unescape(text, in: uri))
        } catch .invalid {
            throw .uri("'\(uri)': a digest component needs 32 octets")
        }
    }

    /// The canonical form leaves out `8=`; the alternate form writes typed numbers and digests readably.
    public var uri: String {
        if let name = Self.numberNames.first(where: { $0.type == type })?.name, let number {
            return "\(name)=\(number)"
        }
        if let name = Self.digestNames.first(where: { $0.type == type })?.name,
            let digest = SHA256Digest(bytes: value.readableBytesView)
        {
            return "\(name)=\(digest.hex)"
        }
        return type == Self.genericType ? escapedValue : canonicalURI
    }

    /// `<type>=<escaped value>` for every type.
    public var canonicalURI: String { "\(type)=\(escapedValue)" }

    public var description: String { uri }

    /// An empty value, or one of periods alone, is written with three periods more (docs/protocol.md 3.3).
    private static let period = UInt8(ascii: ".")

    private var escapedValue: String {
        let octets = value.readableBytesView
        return (octets.allSatisfy { $0 == Self.period } ? "..." : "") + PercentEncoding.encode(octets)
    }

    private static func unescape(_ text: Substring, in uri: String) throws(WireError) -> ByteBuffer {
        guard let octets = PercentEncoding.decode(text) else { throw .uri("'\(uri)': % needs two hex digits") }
        // Only literal periods count as such in the rule, but an escaped one means the same octet: as ndn-cxx reads it.
        guard octets.allSatisfy({ $0 == period }) else { return ByteBuffer(bytes: octets) }
        guard octets.count >= 3 else {
            throw .uri("'\(uri)': an empty component is written ..., and a value of periods with three more of them")
        }
        return ByteBuffer(bytes: octets.dropFirst(3))
    }
}
