/// Which octets of a blob are wanted, before its size is known.
public enum BlobRange: Hashable, Sendable {
    /// From octet `first` on, through octet `last` or, when that is nil or beyond the end, through the blob's last one.
    case from(UInt64, through: UInt64? = nil)
    /// The last octets, as many as given, or all when there are fewer.
    case last(UInt64)

    /// The whole blob.
    public static let whole = BlobRange.from(0)

    /// The octets of a blob of `size` octets; empty when it has none of those wanted.
    public func octets(of size: UInt64) -> Range<UInt64> {
        switch self {
        case .from(let first, let last):
            guard first < size else { return size..<size }
            let end = last.map { $0 < size ? $0 + 1 : size } ?? size
            return first..<max(first, end)
        case .last(let count): return (size - min(count, size))..<size
        }
    }
}
