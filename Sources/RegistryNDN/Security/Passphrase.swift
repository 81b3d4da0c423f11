/// What opens an encrypted private key; never printed.
public struct Passphrase: Sendable, CustomStringConvertible {
    let octets: [UInt8]

    /// - Throws: `SecurityError.malformed` for an empty one.
    public init(_ octets: some Collection<UInt8>) throws(SecurityError) {
        guard !octets.isEmpty, octets.count <= 1024 else {
            throw SecurityError(.malformed, "a passphrase has 1 to 1024 octets")
        }
        self.octets = Array(octets)
    }

    /// A passphrase in UTF-8.
    ///
    /// - Throws: `SecurityError.malformed` for one that is empty or has more than 1024 octets.
    public init(_ text: String) throws(SecurityError) {
        try self.init(Array(text.utf8))
    }

    public var description: String { "(passphrase)" }
}
