internal import NIOCore

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
}

extension NameComponent {
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
