public import Logging
public import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import ServiceLifecycle
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A listening socket for HTTP/1.1.
public struct HTTPEndpoint: Sendable {
    /// A chunk of a body is up to 512 KiB: one is on its way to the kernel while the next is being made.
    private static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 128 << 10, high: 256 << 10)

    private let server: NIOAsyncChannel<any Channel, Never>
    private let limits: HTTPLimits
    private let logger: Logger

    /// Where it listens, with the real port when 0 was asked for.
    public var address: SocketAddress? { server.channel.localAddress }

    /// Binds.
    ///
    /// - Parameter certificate: shown to clients, which then must speak TLS; nil for plain HTTP.
    /// - Throws: `IOError` when the address is taken or is none of this host.
    public static func bind(
        host: String, port: Int, limits: HTTPLimits = HTTPLimits(), certificate: EndpointCertificate? = nil,
        group: any EventLoopGroup, logger: Logger
    ) async throws -> HTTPEndpoint {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: waterMark)
            // HTTPConnection begins to read.
            .childChannelOption(.autoRead, value: false)
        let uri = FaceURI(scheme: .tcp, family: nil, host: host, port: port)
        let addresses = try await HostResolver.addresses(of: uri, on: group.next()).get()
        var failure: any Error = FaceError(.unresolved, "\(host) has no address")
        for address in addresses {
            do {
                let server = try await bootstrap.bind(to: address) { channel in
                    channel.eventLoop.makeCompletedFuture { () -> any Channel in
                        try initialize(channel, limits: limits, certificate: certificate)
                        return channel
                    }
                }
                return HTTPEndpoint(server: server, limits: limits, logger: logger)
            } catch let error as IOError where [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode) {
                // A name may have an address that this machine has not: ::1, where IPv6 is off.
                failure = error
            }
        }
        throw failure
    }

    /// The peer's half-close closes the connection: an HTTP client that has no more to say and yet waits for an answer
    /// is not told from one that has gone, and the latter must not keep a fetch alive.
    private static func initialize(
        _ channel: any Channel, limits: HTTPLimits, certificate: EndpointCertificate?
    ) throws {
        var framing = HTTPResponseEncoder.Configuration()
        // ResponseWriter frames: the encoder would add a body to the answer of a HEAD.
        framing.automaticallySetFramingHeaders = false
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits.decoder)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(StalledOutputHandler(limit: limits.responseTimeout))
        try pipeline.addHandler(WrongProtocolHandler(isSecure: certificate != nil))
        if let certificate {
            try pipeline.addHandler(TLSHandler(certificate.context, peer: nil, timeout: limits.handshakeTimeout))
        }
        try pipeline.addHandler(HTTPResponseEncoder(configuration: framing))
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(ProtocolErrorHandler())
    }

    /// Serves until the task is cancelled, or until the program shuts down gracefully and the last response is out.
    public func run(_ responder: any HTTPResponder) async throws {
        let listener = server.channel
        try await withGracefulShutdownHandler {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    let open = OpenConnections(limit: limits.connections)
                    for try await channel in connections {
                        guard open.enter() else {
                            logger.warning(
                                "connection refused: too many",
                                metadata: ["limit": .stringConvertible(limits.connections)])
                            channel.close(promise: nil)
                            continue
                        }
                        let connection = HTTPConnection(
                            channel: channel, limits: limits, responder: responder, logger: logger)
                        group.addTask {
                            await connection.run()
                            open.leave()
                        }
                    }
                }
            }
        } onGracefulShutdown: {
            listener.close(promise: nil)
        }
    }
}

/// Counts connections.
private final class OpenConnections: Sendable {
    private let count = Mutex(0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    func enter() -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() {
        count.withLock { $0 -= 1 }
    }
}
