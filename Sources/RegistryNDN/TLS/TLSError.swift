internal import NDN

/// Why a TLS connection could not be made, or went wrong.
package struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// A file named in the configuration cannot be used.
        case configuration
        /// The peer's certificate is not to be trusted.
        case verification
        /// No connection: the two sides have nothing in common, or the peer speaks something else.
        case handshake
        /// The handshake did not come to its end in time.
        case timeout
        /// The connection ended without the peer's close_notify: what came may be cut off.
        case truncated
        /// What came on an established connection is not what TLS allows, or the peer raised an alert.
        case broken
    }

    package let code: Code
    /// Which peer, what was wrong with it, and what to do.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
