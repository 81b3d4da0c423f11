package import NIOCore
internal import NIOPosix

/// Bounds of the connections to an upstream.
package struct UpstreamConfiguration: Sendable {
    /// Connections at a time, in use and kept.
    package var maximumConnections = 64
    /// Callers that may wait for a connection.
    package var maximumWaiting = 1024
    package var connectTimeout = TimeAmount.seconds(5)
    /// How long a TLS handshake may take.
    package var handshakeTimeout = TimeAmount.seconds(10)
    /// How https connections are made; nil for trust in the system's authorities and nothing else.
    package var tls: UpstreamTLS?
    /// The proxies through which upstreams are reached.
    package var proxies = ProxySettings.none
    /// Our own credential for an upstream that asks who sends a request. Without one, requests get what everybody gets: most
    /// token services give a token without a credential, too.
    package var credentials: CredentialKeeper?
    /// Whether requests come from people who can log in themselves: where the upstream refuses a request, they get its own words,
    /// which say how.
    package var isForOthers = false
    /// Whether credentials go to token services that are reached without encryption, wherever they are.
    package var tellsInClear = false
    /// How long an upstream may send nothing while its answer is awaited.
    package var idleTimeout = TimeAmount.seconds(30)
    /// Bytes a second of an answer's body, on average over each `idleTimeout` of waiting for them; 0 for no limit.
    package var bodyRate = 1000
    /// The same as `idleTimeout` until the head of the answer to a request that changes something, such as the last of an
    /// upload: a registry moves the whole layer before it says 201. Registries advise proxies to wait for 15 minutes.
    package var commitTimeout = TimeAmount.minutes(15)
    /// From the begin of a read of our own to the head of its answer, with all redirections, repetitions and pauses.
    package var overallTimeout = TimeAmount.seconds(60)
    /// How long a request on a kept connection may stay unacknowledged by the other side's kernel before the connection counts
    /// as dead. A registry that thinks for long acknowledges it; one behind an address that is gone does not.
    package var acknowledgeTimeout = TimeAmount.seconds(5)
    /// Whether redirects and token services are followed to this machine and its links, wherever the registry is.
    package var followsToLocal = false
    /// When requests are sent again.
    package var retry = RetryPolicy()
    /// How long an unused connection is kept.
    package var keepAlive = TimeAmount.seconds(60)
    /// Bytes asked from the socket at once.
    package var readSize = 65_536
    /// Bytes of a response that may wait for the one who pulls them before the socket is read no more.
    package var bodyWindow = 262_144
    /// Whether gzip is asked for, and decoded to at most so many bytes of a body; nil: bodies come as they are.
    var decodedLimit: Int?
    /// Bytes of all fields of a response head.
    package var maximumHeadSize = 65_536

    /// Finds the addresses of a host; nil for the system's resolver.
    var resolver: (@Sendable (any EventLoop) -> any Resolver & Sendable)?

    package init() {}
}
