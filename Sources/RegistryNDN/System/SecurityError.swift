/// Why a key, a certificate or a keychain cannot be used: what is wrong, where, and what to do.
public struct SecurityError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// Octets that are not what they should be: truncated, damaged, of another kind.
        case malformed
        /// The key is encrypted and no passphrase was given.
        case passphraseNeeded
        case wrongPassphrase
        /// A folder or file that others may read or change.
        case lax
        /// A folder that holds something else than our keychain.
        case foreign
        case notFound
        case exists
        /// Key and certificate do not belong together, or a signature is not genuine.
        case mismatch
        /// The system refused; the message ends with its reason.
        case system
    }

    public let code: Code
    /// A sentence without a final full stop.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// The same, with where it happened in front.
    public func at(_ place: String) -> SecurityError { SecurityError(code, "\(place): \(message)") }
}
