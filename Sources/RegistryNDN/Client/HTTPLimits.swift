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
    /// How long no byte of a request's body may come after its first, while somebody wants the body.
    package var bodyTimeout: TimeAmount = .minutes(2)
    /// From the end of a request's head to the first byte of its body: some programs ask first, and then make what they send.
    package var bodyBegin: TimeAmount { bodyTimeout * 5 }
    /// Bytes a second of a request's body, on average over each `bodyTimeout` of waiting for them; 0 for no limit.
    package var bodyRate = 1000
    /// How long the peer may take no byte of what waits for it; the endpoint finds out after one to two times as long.
    package var responseTimeout: TimeAmount = .minutes(2)
    /// Bytes that the kernel holds for a peer that does not take them; nil for as many as it likes.
    package var sendBuffer: Int?
    /// How long a closing connection is read on, so that the peer sees the response and not a reset.
    package var linger: TimeAmount = .seconds(2)
    /// Bytes of a body that are read and thrown away after the response is out, to keep the connection.
    package var discard = 1 << 20
    /// Connections at once, as far as the limit of open files allows; one host gets half of them (`ConnectionTable`).
    package var connections = 2048
    /// Descriptors that are left for connections of the program's own.
    package var ownConnections = 64
    /// Bytes of one header field, bytes of all header fields, and how many header fields there may be.
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
