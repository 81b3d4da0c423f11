public import NIOCore

/// An opaque token of 1 to 32 octets that the upstream copies to the answer of an Interest (docs/protocol.md 7.5).
///
/// It lives inline, without a heap allocation.
public struct PitToken: Hashable, Sendable, CustomStringConvertible {
    /// Octets of the longest token.
    public static let maximumSize = 32

    /// The octets in memory order, zero beyond `size`.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private let length: UInt8

    /// Octets of this token, 1 to 32.
    public var size: Int { Int(length) }

    /// A token of these octets; nil unless there are 1 to 32.
    public init?(bytes: some Collection<UInt8>) {
        guard (1...Self.maximumSize).contains(bytes.count) else { return nil }
        length = UInt8(bytes.count)
        unsafe Swift.withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
    }

    /// A token of the readable octets; nil unless there are 1 to 32.
    public init?(_ octets: ByteBuffer) {
        self.init(bytes: octets.readableBytesView)
    }

    /// A token of 8 octets, big endian: what a forwarder makes of an index.
    public init(number: UInt64) {
        length = 8
        words.0 = number.bigEndian
    }

    /// The number in a token of 8 octets, nil for other sizes.
    public var number: UInt64? { length == 8 ? UInt64(bigEndian: words.0) : nil }

    /// The octets.
    public var bytes: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }

    /// Lower-case hex digits.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The octets in place; the pointer is valid inside `body` only.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        unsafe Swift.withUnsafeBytes(of: words) { unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<size])) }
    }

    public static func == (a: PitToken, b: PitToken) -> Bool { a.length == b.length && a.words == b.words }

    public func hash(into hasher: inout Hasher) {
        unsafe withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}
