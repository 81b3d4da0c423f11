/// How a blob is cut into segments: all of `chunk` octets but the last, number `final` (docs/protocol.md 10.2).
package struct BlobGeometry: Sendable, Hashable {
    /// Octets of every segment but the last.
    package let chunk: Int
    /// Number of the last segment.
    package let final: UInt64

    /// Numbers of our own: the octets of `final` and one more segments fit 63 bits.
    package init(unchecked chunk: Int, final: UInt64) {
        self.chunk = chunk
        self.final = final
    }

    /// Offset of the first octet of segment `segment`, which is at most `final`, or of the octet behind that.
    package func offset(of segment: UInt64) -> UInt64 { segment &* UInt64(chunk) }

    /// The segment that octet `offset` is in, at most `final`.
    package func segment(at offset: UInt64) -> UInt64 {
        chunk == 0 ? 0 : min(offset / UInt64(chunk), final)
    }
}
