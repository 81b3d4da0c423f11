package import NDN

/// The digest that names a blob: `sha256:` and 64 lower-case hexadecimal digits.
///
/// Other algorithms of the OCI image specification are not names of ours: their blobs go to the upstream.
package struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    private static let prefix = "sha256:"

    /// The SHA-256 of the blob.
    package let sha256: SHA256Digest

    package init(sha256: SHA256Digest) { self.sha256 = sha256 }

    /// The digest in `text`, or nil unless it is `sha256:` and 64 lower-case hexadecimal digits.
    ///
    /// OCI image specification, "Registered algorithms": the encoded portion MUST match `/[a-f0-9]{64}/`.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.prefix.utf8.count + 64, text.hasPrefix(Self.prefix) else { return nil }
        let hex = text.utf8.dropFirst(Self.prefix.utf8.count)
        let isLowerHex = hex.allSatisfy { $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
        guard isLowerHex, let digest = SHA256Digest(hex: String(decoding: hex, as: UTF8.self)) else { return nil }
        sha256 = digest
    }

    package var description: String { Self.prefix + sha256.hex }
}
