/// The 32 octets of a SHA-256, without a heap allocation.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// Octets of a digest.
    public static let size = 32

    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// A digest from its 32 octets; nil for any other number of them.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        words = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
    }

    /// A digest from 64 hex digits of either case.
    public init?(hex: some StringProtocol) {
        let digits = Array(hex.utf8)
        guard digits.count == 2 * Self.size else { return nil }
        var octets: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = hexDigit(digits[index]), let low = hexDigit(digits[index + 1]) else { return nil }
            octets.append(high << 4 | low)
        }
        self.init(bytes: octets)
    }

    /// A digest that `body` writes.
    init(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
        words = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe body($0) }
    }

    /// The 32 octets.
    public var bytes: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }

    /// 64 lower-case hex digits.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return unsafe String(unsafeUninitializedCapacity: 2 * Self.size) { text in
            for (index, octet) in bytes.enumerated() {
                unsafe text[2 * index] = digits[Int(octet >> 4)]
                unsafe text[2 * index + 1] = digits[Int(octet & 15)]
            }
            return 2 * Self.size
        }
    }

    public var description: String { hex }

    /// The octets in place; the pointer is valid inside `body` only.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        unsafe Swift.withUnsafeBytes(of: words) { unsafe body($0) }
    }

    public static func == (a: SHA256Digest, b: SHA256Digest) -> Bool { a.words == b.words }

    public func hash(into hasher: inout Hasher) {
        unsafe withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}
