internal import NIOCore

extension Certificate {
    private static let additionalDescription: UInt32 = 258
    private static let entry: UInt32 = 512

    /// The pairs of the AdditionalDescription, such as `fullname` and a person's name; empty when there is none.
    public var additionalDescription: [(key: String, value: String)] {
        var reader = TLVReader(data.signedPortion)
        while let element = try? reader.next() {
            guard element.type == TLVType.signatureInfo else { continue }
            var fields = element.children
            while let field = try? fields.next() {
                if field.type == Self.additionalDescription { return Self.entries(field) }
            }
        }
        return []
    }

    private static func entries(_ description: TLVElement) -> [(key: String, value: String)] {
        var reader = description.children
        var pairs: [(key: String, value: String)] = []
        while let element = try? reader.next() {
            guard element.type == entry else { continue }
            var parts = element.children
            // DescriptionKey and DescriptionValue (docs/protocol.md 2.4).
            guard let key = try? parts.next(), key.type == 513, let value = try? parts.next(), value.type == 514 else {
                continue
            }
            pairs.append((String(buffer: key.value), String(buffer: value.value)))
        }
        return pairs
    }
}
