public import NIOCore
internal import NIOHTTP1

/// What one HTTP client may ask of the endpoint.
public struct HTTPLimits: Sendable {
    /// From the connection's begin to the end of its TLS handshake.
    public var handshakeTimeout: TimeAmount = .seconds(10)
    /// From the connection's begin, or from the end of a response on it, to the end of the next request's head.
    public var headTimeout: TimeAmount = .seconds(90)
    /// Without an octet of a request's body, while somebody wants it.
    public var bodyTimeout: TimeAmount = .minutes(2)
    /// Octets a second of a request's body, on average over each `bodyTimeout` of waiting for them; 0 for no limit.
    public var bodyRate = 1000
    /// Without an octet taken of what waits for the peer; found out after one to two times as long.
    public var responseTimeout: TimeAmount = .minutes(2)
    /// How long a closing connection is read on, so that the peer sees the response and not a reset.
    public var linger: TimeAmount = .seconds(2)
    /// Octets of a body that are read and thrown away after the response is out, to keep the connection.
    public var discard = 1 << 20
    /// Connections at once; more are closed at once.
    public var connections = 1024
    /// Octets of one header field, of all header fields, and their number.
    public var headerField = 32 << 10
    public var headerList = 64 << 10
    public var headerCount = 128

    public init() {}

    var decoder: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headerField
        limits.maxHeaderListSize = headerList
        limits.maxHeaderFieldCount = headerCount
        return limits
    }
}
