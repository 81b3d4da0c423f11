internal import CNDNFast
public import NIOCore

/// A Name: hashed, compared and stored as its TLV-VALUE, component elements back to back (docs/protocol.md 3).
public struct Name: Hashable, Sendable {
    /// Component elements back to back, without the Name's own TYPE and LENGTH.
    public let value: ByteBuffer

    /// The empty name, `/`.
    public init() {
        value = ByteBuffer()
    }

    /// A name of these components, in this order.
    public init(_ components: [NameComponent]) {
        var value = ByteBuffer()
        value.reserveCapacity(components.reduce(0) { $0 + $1.encodedSize })
        for component in components {
            component.encode(into: &value)
        }
        self.init(unchecked: value)
    }

    /// A name from the TLV-VALUE of a Name element, whose storage it shares.
    ///
    /// - Throws: `WireError.invalid` if the octets are not whole, valid components.
    public init(value: ByteBuffer) throws(WireError) {
        var info = cndn_name_info()
        let result = unsafe value.withReader { reader in unsafe cndn_name_check(reader, &info) }
        try result.check()
        self.init(unchecked: value.slice())
    }

    /// Decodes exactly one Name element, whose storage the name shares.
    public init(decoding wire: ByteBuffer) throws(WireError) {
        let element = try TLVElement(decoding: wire)
        guard element.type == TLVType.name else { throw .invalid }
        try self.init(value: element.value)
    }

    /// A name from octets that a decoder has already checked.
    init(unchecked value: ByteBuffer) {
        self.value = value
    }

    /// Appends the Name element: TYPE, LENGTH and value.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.writeTLV(type: TLVType.name, value)
    }

    /// Octets of the Name element.
    public var encodedSize: Int { Int(cndn_element_size(TLVType.name, value.readableBytes)) }

    /// The same name in memory of its own, to be kept longer than a large receive buffer.
    public func owned() -> Name {
        Name(unchecked: ByteBuffer(bytes: value.readableBytesView))
    }
}

extension Name {
    /// Number of components; counted, so not free.
    public var count: Int { unsafe value.withOctets { unsafe cndn_name_count($0, $1) } }

    /// Whether there is no component, as in `/`.
    public var isEmpty: Bool { value.readableBytes == 0 }

    /// All components in order, each sharing the name's storage. Allocates an array.
    public var components: [NameComponent] {
        var reader = TLVReader(value)
        var components: [NameComponent] = []
        while let element = try? reader.next() {
            components.append(NameComponent(unchecked: UInt16(truncatingIfNeeded: element.type), element.value))
        }
        return components
    }

    /// The component at an index below `count`.
    public subscript(index: Int) -> NameComponent {
        let start = prefixSize(index)
        var reader = TLVReader(value.slice(offset: start, length: value.readableBytes - start))
        guard let element = try? reader.next() else { preconditionFailure("name component \(index) of \(count)") }
        return NameComponent(unchecked: UInt16(truncatingIfNeeded: element.type), element.value)
    }

    /// The last component; nil for the empty name.
    public var last: NameComponent? {
        let count = count
        return count == 0 ? nil : self[count - 1]
    }

    /// The name with one component more, in memory of its own.
    public func appending(_ component: NameComponent) -> Name {
        var value = ByteBuffer()
        value.reserveCapacity(self.value.readableBytes + component.encodedSize)
        value.writeImmutableBuffer(self.value)
        component.encode(into: &value)
        return Name(unchecked: value)
    }

    /// The name followed by all components of another, in memory of its own.
    public func appending(_ name: Name) -> Name {
        var value = ByteBuffer()
        value.reserveCapacity(self.value.readableBytes + name.value.readableBytes)
        value.writeImmutableBuffer(self.value)
        value.writeImmutableBuffer(name.value)
        return Name(unchecked: value)
    }

    /// The first `count` components, all when there are fewer; shares the storage.
    public func prefix(_ count: Int) -> Name {
        Name(unchecked: value.slice(offset: 0, length: prefixSize(count)))
    }

    /// All components but the last `count`; shares the storage.
    public func dropLast(_ count: Int = 1) -> Name {
        prefix(max(0, self.count - count))
    }

    private func prefixSize(_ count: Int) -> Int {
        unsafe value.withOctets { unsafe cndn_name_prefix($0, $1, max(0, count)) }
    }

    /// Whether `name` begins with all components of this one; a name is a prefix of itself.
    public func isPrefix(of name: Name) -> Bool {
        let size = value.readableBytes
        return size <= name.value.readableBytes && value == name.value.slice(offset: 0, length: size)
    }

    /// The name before a last component that is a Segment in its shortest form, and the segment's number; else nil.
    ///
    /// Allocates nothing; the prefix shares the storage.
    public func splitSegment() -> (prefix: Name, segment: UInt64)? {
        var size = 0
        var segment: UInt64 = 0
        let found = unsafe value.withOctets { unsafe cndn_name_split_segment($0, $1, &size, &segment) }
        return found ? (Name(unchecked: value.slice(offset: 0, length: size)), segment) : nil
    }
}

extension Name: Comparable {
    /// Canonical order (docs/protocol.md 3.2).
    public static func < (a: Name, b: Name) -> Bool {
        unsafe a.value.withOctets { first, firstSize in
            unsafe b.value.withOctets { second, secondSize in
                unsafe cndn_name_compare(first, firstSize, second, secondSize) < 0
            }
        }
    }
}

extension Name: CustomStringConvertible {
    /// Reads a Name URI: `ndn:` and an authority are optional and ignored, components in canonical or alternate form.
    ///
    /// - Throws: `WireError.uri` with a sentence saying what is wrong.
    public init(uri: String) throws(WireError) {
        var path = uri[...]
        if path.hasPrefix("ndn:") { path.removeFirst(4) }
        if path.hasPrefix("//") {
            path = path.dropFirst(2).drop { $0 != "/" }
        }
        guard path.first == "/" else { throw .uri("'\(uri)': a name begins with a slash") }
        path.removeFirst()
        if path.last == "/" { path.removeLast() }
        var components: [NameComponent] = []
        for text in path.isEmpty ? [] : path.split(separator: "/", omittingEmptySubsequences: false) {
            components.append(try NameComponent(uri: String(text)))
        }
        self.init(components)
    }

    /// The URI in its usual form: `8=` left out, `seg=`, `v=` and the like for typed numbers.
    public var uri: String { text { $0.uri } }

    /// The URI with `<type>=` before every component.
    public var canonicalURI: String { text { $0.canonicalURI } }

    public var description: String { uri }

    private func text(_ component: (NameComponent) -> String) -> String {
        isEmpty ? "/" : components.reduce(into: "") { $0 += "/" + component($1) }
    }
}
