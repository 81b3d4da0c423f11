internal import NDN
internal import NIOHTTP1

/// The value of a request's Range field, as far as this endpoint answers it: ranges of bytes.
///
/// RFC 9110 section 14.1.2. Another unit, broken syntax, and a suffix among several ranges, whose place is known only with the
/// blob's size, are for the upstream to answer, so that the outcome is the upstream's.
enum RangeField: Hashable {
    case range(BlobRange)
    /// Ranges that are not answered with bytes, whoever has them.
    case refused(Refusal)

    /// What is wrong with several ranges. Podman then asks for fewer or for the whole blob, which it does only after a 400.
    enum Refusal: Error, Hashable {
        case tooMany(Int)
        case unordered(String)

        var message: String {
            switch self {
            case .tooMany(let count):
                "\(count) ranges in one request, and at most \(maximumRanges) are answered: ask for fewer at once"
            case .unordered(let range):
                "the range \(range) begins before the end of the one before it: ask for ranges in ascending order that do not overlap"
            }
        }
    }

    /// Ranges in one request: podman asks for as many.
    static let maximumRanges = 1024
    /// Bytes of the field's value, at most: what so many ranges take with offsets of 20 digits.
    private static let maximumLength = 48 << 10

    /// Reads the field's value; nil when it asks for something else than ranges of bytes.
    static func parse(_ value: some StringProtocol) -> RangeField? {
        let unit = "bytes="
        // RFC 9110 section 14.1: "Range units names are case-insensitive".
        guard value.utf8.count <= maximumLength, value.prefix(unit.count).lowercased() == unit else { return nil }
        // RFC 9110 section 5.6.1.2: empty elements of a list are passed over.
        let elements = Substring(value.dropFirst(unit.count)).split(separator: ",")
            .map { $0.trimming { $0 == " " || $0 == "\t" } }.filter { !$0.isEmpty }
        guard elements.count > 1 else { return elements.first.flatMap { one($0) }.map { .range($0) } }
        guard elements.count <= maximumRanges else { return .refused(.tooMany(elements.count)) }
        var ranges: [BlobRange] = []
        var refusal: Refusal?
        /// The offset before which no further range may begin; nil after a range that is open at its end.
        var end: UInt64? = 0
        for element in elements {
            guard let range = one(element), case .from(let first, let last) = range else { return nil }
            if end.map({ first < $0 }) ?? true { refusal = refusal ?? .unordered(element.abridged(to: 100)) }
            end = last.map { $0 < .max ? $0 + 1 : .max }
            ranges.append(range)
        }
        return refusal.map { .refused($0) } ?? .range(.several(ranges))
    }

    private static func one(_ range: some StringProtocol) -> BlobRange? {
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

    /// The number that digits write. One too large for a `UInt64` lies, as the largest of all does, behind the end of every blob.
    private static func number(_ digits: some StringProtocol) -> UInt64? {
        guard !digits.isEmpty, digits.utf8.allSatisfy(\.isDigit) else { return nil }
        return UInt64(digits) ?? .max
    }
}

/// What of a blob a GET asks for.
enum WantedOctets: Hashable {
    /// Answered 200.
    case whole
    /// Answered 206, even when it is all of them, or 416. Several parts are one body, a `multipart/byteranges`.
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
    func wantedOctets(of digest: ContentDigest) throws(RangeField.Refusal) -> WantedOctets? {
        let fields = self["range"]
        guard let field = fields.first else { return .whole }
        guard fields.count == 1, let parsed = RangeField.parse(field) else { return nil }
        let conditions = self["if-range"]
        guard conditions.count <= 1 else { return nil }
        guard conditions.isEmpty || conditions[0] == digest.entityTag else { return .whole }
        switch parsed {
        case .range(let range): return .part(range)
        case .refused(let refusal): throw refusal
        }
    }
}

extension ContentDigest {
    /// The strong entity-tag of the blob, as docker-registry writes it.
    var entityTag: String { "\"\(description)\"" }
}
