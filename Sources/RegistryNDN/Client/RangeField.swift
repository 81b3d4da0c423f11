internal import NIOHTTP1

/// The Range field of a request, as far as it is answered over NDN: one range of octets.
///
/// RFC 9110 section 14.1.2. What is not exactly that, such as several ranges, another unit or broken syntax, is for the
/// upstream to answer, so that the outcome is the upstream's.
enum RangeField {
    /// The range in the field's value; nil when it is something else.
    static func parse(_ value: some StringProtocol) -> BlobRange? {
        let unit = "bytes="
        guard value.utf8.count <= 64, value.hasPrefix(unit) else { return nil }
        let range = value.dropFirst(unit.count)
        guard let dash = range.firstIndex(of: "-") else { return nil }
        let (first, last) = (range[..<dash], range[range.index(after: dash)...])
        if first.isEmpty {
            // RFC 9110: a suffix-length of zero is unsatisfiable; registries answer it in several ways.
            guard let count = number(last), count > 0 else { return nil }
            return .last(count)
        }
        guard let first = number(first) else { return nil }
        if last.isEmpty { return .from(first) }
        // "An int-range is invalid if the last-pos value is present and less than first-pos."
        guard let last = number(last), first <= last else { return nil }
        return .from(first, through: last)
    }

    /// Decimal digits only: `UInt64` itself would take a sign.
    private static func number(_ text: some StringProtocol) -> UInt64? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return UInt64(text)
    }
}

/// What of a blob a GET asks for.
enum WantedOctets: Hashable {
    /// Answered 200.
    case whole
    /// Answered 206, even when it is all of them, or 416.
    case part(BlobRange)

    var range: BlobRange {
        switch self {
        case .whole: .whole
        case .part(let range): range
        }
    }
}

extension HTTPHeaders {
    /// What of the blob `digest` these fields of a GET ask for; nil when the upstream has to decide.
    ///
    /// If-Range is met by the blob's entity-tag alone: there is no modification date (RFC 9110 section 13.1.5). When it
    /// is not met, the whole is asked for.
    func wantedOctets(of digest: ContentDigest) -> WantedOctets? {
        let fields = self["range"]
        guard let field = fields.first else { return .whole }
        guard fields.count == 1, let range = RangeField.parse(field) else { return nil }
        let conditions = self["if-range"]
        guard conditions.count <= 1 else { return nil }
        guard let condition = conditions.first else { return .part(range) }
        return condition == digest.entityTag ? .part(range) : .whole
    }
}

extension ContentDigest {
    /// The strong entity-tag of the blob, as docker-registry writes it.
    var entityTag: String { "\"\(description)\"" }
}
