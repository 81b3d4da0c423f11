internal import NDN

/// Why an upstream gave no (whole) answer.
package struct UpstreamError: Error, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The URL of the upstream cannot be used.
        case url
        /// No connection could be made.
        case connect
        /// A connection was made, but TLS was not: the peer is not who it should be, or speaks another protocol.
        case tls
        /// The proxy on the way does not help, or cannot be used.
        case proxy
        /// All connections are taken and enough callers wait already.
        case busy
        /// No byte for as long as the configuration allows.
        case timeout
        /// Bytes come, but fewer than the configuration asks for.
        case slow
        /// The connection ended before the response did.
        case closed
        /// A kept connection ended before the response began: nothing of it was received, it may be asked again.
        case stale
        /// What came is not HTTP/1.1, or is larger than allowed.
        case malformed
        /// The upstream, or its token service, does not let us in.
        case unauthorized
        /// The token service is busy (429, 503) and wants us to come back later, after so many seconds if it says when.
        case later(status: UInt, retryAfter: Int64?)
        /// The answer leads elsewhere, where it is not followed.
        case redirect
        /// The answer is not the range that was asked for.
        case range
        /// The one who asked does not want the answer any more.
        case cancelled
    }

    package let code: Code
    /// What went wrong and what to do, for people.
    package let message: String
    package let underlying: (any Error)?

    package init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    package var description: String {
        underlying.map { "\(message): \(ErrorSentence.of($0))" } ?? message
    }
}
