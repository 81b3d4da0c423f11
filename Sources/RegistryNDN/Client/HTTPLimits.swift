package import NIOCore
internal import NIOHTTP1

/// What one HTTP client may ask of the endpoint.
package struct HTTPLimits: Sendable {
    /// From the connection's begin to the end of its TLS handshake.
    package var handshakeTimeout: TimeAmount = .seconds(10)
    /// From the connection's begin, or from the end of a response on it, to the end of the next request's head. Longer than the
    /// 90 s for which Docker and all that uses Go's HTTP client keep a connection: closed by them it is never closed
    /// under a request.
    package var headTimeout: TimeAmount = .minutes(2)
    /// Without an octet of a request's body after its first, while somebody wants it.
    package var bodyTimeout: TimeAmount = .minutes(2)
    /// From the end of a request's head to the first octet of its body: some programs ask first, and then make what they send.
    package var bodyBegin: TimeAmount { bodyTimeout * 5 }
    /// Octets a second of a request's body, on average over each `bodyTimeout` of waiting for them; 0 for no limit.
    package var bodyRate = 1000
    /// Without an octet taken of what waits for the peer; found out after one to two times as long.
    package var responseTimeout: TimeAmount = .minutes(2)
    /// How long a closing connection is read on, so that the peer sees the response and not a reset.
    package var linger: TimeAmount = .seconds(2)
    /// Octets of a body that are read and thrown away after the response is out, to keep the connection.
    package var discard = 1 << 20
    /// Connections at once, as far as the limit of open files allows; one host gets half of them (`ConnectionTable`).
    package var connections = 2048
    /// Descriptors that are left for connections of the program's own.
    package var ownConnections = 64
    /// Octets of one header field, of all header fields, and their number.
    package var headerField = 32 << 10
    package var headerList = 64 << 10
    package var headerCount = 128

    package init() {}

    var decoder: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headerField
        limits.maxHeaderListSize = headerList
        limits.maxHeaderFieldCount = headerCount
        return limits
    }
}
