/// Why a key, a certificate or a keychain cannot be used: what is wrong, where, and what to do.
public struct SecurityError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of failure, for programs.
    public enum Code: Sendable {
        /// Octets that are not what they should be: truncated, damaged, of another kind.
        case malformed
        /// The key is encrypted and no passphrase was given.
        case passphraseNeeded
        /// The passphrase does not open the key.
        case wrongPassphrase
        /// A folder or file that others may read or change.
        case lax
        /// A folder that holds something else than our keychain.
        case foreign
        /// There is no key, certificate or file of this name.
        case notFound
        /// There is a key or certificate of this name already; it is not overwritten.
        case exists
        /// Key and certificate do not belong together, or a signature is not genuine.
        case mismatch
        /// The system refused; the message ends with its reason.
        case system
    }

    /// The kind of failure.
    public let code: Code
    /// A sentence without a final full stop.
    public let message: String

    /// An error, with a sentence for people that has no final full stop.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// The same, with where it happened in front.
    public func at(_ place: String) -> SecurityError { SecurityError(code, "\(place): \(message)") }
}
