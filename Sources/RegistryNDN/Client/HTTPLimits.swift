public import NIOCore
internal import NIOHTTP1

/// What one HTTP client may ask of the endpoint.
public struct HTTPLimits: Sendable {
    /// From the connection's begin to the end of its TLS handshake.
    public var handshakeTimeout: TimeAmount = .seconds(10)
    /// From the connection's begin, or from the end of a response on it, to the end of the next request's head. Longer than the
    /// 90 s for which Docker and all that uses Go's HTTP client keep a connection: closed by them it is never closed
    /// under a request.
    public var headTimeout: TimeAmount = .minutes(2)
    /// Without an octet of a request's body after its first, while somebody wants it.
    public var bodyTimeout: TimeAmount = .minutes(2)
    /// From the end of a request's head to the first octet of its body: some programs ask first, and then make what they send.
    public var bodyBegin: TimeAmount { bodyTimeout * 5 }
    /// Octets a second of a request's body, on average over each `bodyTimeout` of waiting for them; 0 for no limit.
    public var bodyRate = 1000
    /// Without an octet taken of what waits for the peer; found out after one to two times as long.
    public var responseTimeout: TimeAmount = .minutes(2)
    /// How long a closing connection is read on, so that the peer sees the response and not a reset.
    public var linger: TimeAmount = .seconds(2)
    /// Octets of a body that are read and thrown away after the response is out, to keep the connection.
    public var discard = 1 << 20
    /// Connections at once, as far as the limit of open files allows; one host gets half of them (`ConnectionTable`).
    public var connections = 2048
    /// Descriptors that are left for connections of the program's own.
    public var ownConnections = 64
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
