package import Logging
internal import NDN
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import ServiceLifecycle

/// A listening socket for HTTP/1.1.
package struct HTTPEndpoint: Sendable {
    /// Bytes. A chunk of a body has up to 512 KiB: one is on its way to the kernel while the next is being made.
    private static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 128 << 10, high: 256 << 10)
    /// Attempts to find a port that is free on all addresses of a host.
    private static let attempts = 8

    private typealias Server = NIOAsyncChannel<any Channel, Never>

    /// One for each address of the host.
    private let servers: [Server]
    private let limits: HTTPLimits
    private let logger: Logger

    /// The first of the addresses where the endpoint listens, with the real port when 0 was asked for.
    package var address: SocketAddress? { servers.first?.channel.localAddress }

    /// Binds all addresses of a host that this machine has: a client that is told `localhost` may try 127.0.0.1 or ::1 first.
    ///
    /// - Parameters:
    ///   - setting: what the address is given by, as failures say it; nil for the client's own.
    ///   - certificate: shown to clients, which then must speak TLS; nil for plain HTTP.
    /// - Throws: `ListenError`.
    package static func bind(
        host: String, port: Int, setting: RegistrySetting? = nil, limits: HTTPLimits = HTTPLimits(),
        certificate: EndpointCertificate? = nil, group: any EventLoopGroup, logger: Logger
    ) async throws -> HTTPEndpoint {
        let uri = FaceURI(scheme: .tcp, family: nil, host: host, port: port)
        let addresses: [SocketAddress]
        do {
            addresses = try await HostResolver.addresses(of: uri, on: group.next()).get()
        } catch {
            throw ListenError(host: host, port: port, setting: setting, error)
        }
        var attempt = 1
        while true {
            do {
                let servers = try await bind(addresses) { try await bind($0, limits, certificate, group, logger) }
                return HTTPEndpoint(servers: servers, limits: limits, logger: logger)
            } catch let error as IOError where error.isInUse && port == 0 && attempt < attempts {
                attempt += 1
            } catch {
                throw ListenError(host: host, port: port, setting: setting, error)
            }
        }
    }

    /// Binds all of the addresses at one port, but those that this machine does not have.
    private static func bind(
        _ addresses: [SocketAddress], _ bind: (SocketAddress) async throws -> Server
    ) async throws -> [Server] {
        var servers: [Server] = []
        var missing: (any Error)?
        do {
            for address in addresses {
                let port = servers.first?.channel.localAddress?.port
                do {
                    servers.append(try await bind(port.map { address.with(port: $0) } ?? address))
                } catch let error as IOError where error.isWithoutAddress {
                    missing = missing ?? error
                }
            }
            if servers.isEmpty, let missing { throw missing }
            return servers
        } catch {
            for server in servers { try? await server.executeThenClose { _ in } }
            throw error
        }
    }

    private static func bind(
        _ address: SocketAddress, _ limits: HTTPLimits, _ certificate: EndpointCertificate?,
        _ group: any EventLoopGroup, _ logger: Logger
    ) async throws -> Server {
        var bootstrap = ServerBootstrap(group: group)
        if let size = limits.sendBuffer {
            bootstrap = bootstrap.childChannelOption(.socketOption(.so_sndbuf), value: .init(size))
        }
        return
            try await bootstrap
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPauseHandler(logger: logger))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: waterMark)
            // HTTPConnection begins to read.
            .childChannelOption(.autoRead, value: false)
            .bind(to: address) { channel in
                channel.eventLoop.makeCompletedFuture { () -> any Channel in
                    try initialize(channel, limits: limits, certificate: certificate)
                    return channel
                }
            }
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
    package func run(_ responder: any HTTPResponder) async throws {
        let listeners = servers.map(\.channel)
        // The program's other connections, to registries above all, need descriptors too.
        let descriptors = DescriptorLimit.current
        let room = DescriptorLimit.connections(
            atMost: limits.connections, limit: descriptors - min(limits.ownConnections, descriptors / 4))
        let seats = ConnectionSeats(limit: room, logger: logger)
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                for server in servers { group.addTask { try await serve(server, seats, responder) } }
            }
        } onGracefulShutdown: {
            for listener in listeners { listener.close(promise: nil) }
        }
    }

    /// Closes an endpoint that serves nobody: it was bound to find out whether that can be done.
    package func close() async {
        for server in servers { try? await server.executeThenClose { _ in } }
    }

    private func serve(_ server: Server, _ seats: ConnectionSeats, _ responder: any HTTPResponder) async throws {
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await channel in connections {
                    guard let seat = seats.seat(for: channel) else { continue }
                    let connection = HTTPConnection(
                        channel: channel, seat: seat, limits: limits, responder: responder, logger: logger)
                    group.addTask {
                        await connection.run()
                        seat.leave()
                    }
                }
            }
        }
    }
}
