/// Which octets of a blob are wanted, before its size is known.
public enum BlobRange: Hashable, Sendable {
    /// The whole blob.
    case whole
    /// From octet `first` on, through octet `last` or, when that is beyond the end, through the blob's last one. When it is nil
    /// the reader may well hang up before the end.
    case from(UInt64, through: UInt64? = nil)
    /// The last octets, as many as given, or all when there are fewer.
    case last(UInt64)
    /// Several ranges in ascending order, each behind the one before.
    case several([BlobRange])

    /// The octets of a blob of `size` octets; none when it has none of those wanted.
    public func parts(of size: UInt64) -> BlobParts {
        switch self {
        case .whole: return BlobParts([0..<size])
        case .from(let first, let last):
            guard first < size else { return BlobParts([]) }
            let end = last.map { $0 < size ? $0 + 1 : size } ?? size
            return BlobParts([first..<max(first, end)])
        case .last(let count): return BlobParts([(size - min(count, size))..<size])
        case .several(let ranges): return BlobParts(ranges.flatMap { $0.parts(of: size).ranges })
        }
    }
}

extension BlobRange {
    /// Whether its begin is told by the blob's size.
    package var isSuffix: Bool {
        if case .last = self { true } else { false }
    }

    /// Where a range begins that has no end of its own.
    package var openBegin: UInt64? {
        if case .from(let first, nil) = self { first } else { nil }
    }
}

extension BlobParts {
    /// As they are asked for.
    package var asWanted: BlobRange {
        let wanted = ranges.map { BlobRange.from($0.lowerBound, through: $0.upperBound - 1) }
        return wanted.count == 1 ? wanted[0] : .several(wanted)
    }
}
