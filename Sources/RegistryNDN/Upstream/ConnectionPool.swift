import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Keep-alive connections to one upstream, bounded in number.
final class ConnectionPool: Sendable {
    private typealias Waiter = EventLoopPromise<UpstreamConnection>

    private let url: UpstreamURL
    private let group: any EventLoopGroup
    private let configuration: UpstreamConfiguration
    private let local: LocalAddresses
    private let isRegistry: Bool
    private let state: NIOLockedValueBox<ConnectionPoolState<UpstreamConnection, Waiter>>
    private let nextID = Atomic(0)

    /// - Parameters:
    ///   - local: whether the connections may lead to this machine.
    ///   - isRegistry: whether they lead to the registry itself, whose address says what is local to it.
    init(
        url: UpstreamURL, group: any EventLoopGroup, configuration: UpstreamConfiguration, local: LocalAddresses,
        isRegistry: Bool
    ) {
        self.url = url
        self.group = group
        self.configuration = configuration
        self.local = local
        self.isRegistry = isRegistry
        state = NIOLockedValueBox(
            ConnectionPoolState(
                maximumConnections: configuration.maximumConnections, maximumWaiting: configuration.maximumWaiting))
    }

    /// Lends a connection for one exchange; it comes back by itself when the exchange is over.
    ///
    /// - Parameter fresh: whether the connection must not have been used before.
    func lease(fresh: Bool) async throws -> UpstreamConnection {
        let id = nextID.add(1, ordering: .relaxed).newValue
        let promise = group.any().makePromise(of: UpstreamConnection.self)
        return try await withTaskCancellationHandler {
            start(id: id, promise: promise, fresh: fresh)
            let connection = try await promise.futureResult.get()
            if Task.isCancelled {
                released(connection)
                throw CancellationError()
            }
            return connection
        } onCancel: {
            state.withLockedValue { $0.cancel(id: id) }?.fail(CancellationError())
        }
    }

    /// Closes unused connections: one of them was found dead, and the others may be as old.
    func distrust() {
        for connection in state.withLockedValue({ $0.distrust() }) { connection.close() }
    }

    /// Closes unused connections; those in use end with their exchanges.
    func shutdown() {
        let (idle, waiting) = state.withLockedValue { $0.shutdown() }
        for connection in idle { connection.close() }
        for waiter in waiting { waiter.fail(UpstreamError(.closed, "the upstream client was shut down")) }
    }

    private func start(id: Int, promise: Waiter, fresh: Bool) {
        switch state.withLockedValue({ $0.lease(id: id, waiter: promise, fresh: fresh) }) {
        case .use(let connection): promise.succeed(connection)
        case .open(let evicted):
            evicted?.close()
            open(for: promise)
        case .wait: break
        case .refuse:
            promise.fail(UpstreamError(.busy, "too many requests wait for a connection to \(url)"))
        }
    }

    private func released(_ connection: UpstreamConnection) {
        switch state.withLockedValue({ $0.release(connection) }) {
        case .keep: break
        case .give(let waiter): waiter.succeed(connection)
        case .close: connection.close()
        }
    }

    private func closed(_ connection: UpstreamConnection?) {
        if let waiter = state.withLockedValue({ $0.closed(connection) }) { open(for: waiter) }
    }

    private func open(for promise: Waiter) {
        let url = url
        connect().whenComplete { result in
            switch result {
            case .success(let connection):
                connection.channel.closeFuture.whenComplete { _ in self.closed(connection) }
                promise.succeed(connection)
            case .failure(let error):
                promise.fail(Self.explained(error, url))
                self.closed(nil)
            }
        }
    }

    private static func explained(
        _ error: any Error, _ url: UpstreamURL, _ proxy: ProxyURL? = nil
    ) -> UpstreamError {
        switch (error as? NIOConnectionError)?.refusal ?? error {
        case let error as UpstreamError: error
        case let error as TLSError: UpstreamError(.tls, "no secure connection to \(url)", underlying: error)
        default:
            UpstreamError(
                .connect, "cannot connect to \(proxy.map { "the proxy \($0) on the way to " } ?? "")\(url)",
                underlying: error)
        }
    }

    private func connect() -> EventLoopFuture<UpstreamConnection> {
        let eventLoop = group.next()
        let proxy: ProxyURL?
        do {
            proxy = try configuration.proxies.proxy(for: url)
            if proxy != nil { try judgeByName() }
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        let established = eventLoop.makePromise(of: Void.self)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .resolver(configuration.resolver?(eventLoop))
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 4096, initial: min(16384, configuration.readSize), maximum: configuration.readSize)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.configure(channel, proxy, established: established) }
            }
            .connect(host: proxy?.host ?? url.host, port: proxy?.port ?? url.port)
            .flatMapErrorThrowing { throw Self.explained($0, self.url, proxy) }
            .flatMap { channel in
                // Without TLS there is nothing more to wait for.
                if !self.url.isSecure { established.succeed() }
                return established.futureResult.map { channel }
            }
            .flatMap { (channel: any Channel) in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try channel.pipeline.syncOperations.handler(type: UpstreamHandler.self)
                    let connection = UpstreamConnection(
                        channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
                    handler.onIdle = { [weak connection] in
                        if let connection { self.released(connection) }
                    }
                    handler.limitUnacknowledged = { [weak channel] limit in
                        // Where the kernel does not know this option, the timeout for silence remains.
                        try? channel?.syncOptions?.setOption(
                            .tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: .init(limit.nanoseconds / 1_000_000))
                    }
                    return connection
                }
            }
            .always { result in
                if case .failure(let error) = result { established.fail(error) }
            }
    }

    /// Judges an address behind a proxy, which alone sees it, by the name of the host.
    private func judgeByName() throws(UpstreamError) {
        if isRegistry {
            local.noteRegistry(at: url.isLocal)
        } else if let refusal = local.refusal(of: url, isLocal: url.isLocal) {
            throw refusal
        }
    }

    /// The handlers of a connection, transport security below HTTP.
    private func configure(
        _ channel: any Channel, _ proxy: ProxyURL?, established: EventLoopPromise<Void>
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.maximumHeadSize
        limits.maxHeaderListSize = configuration.maximumHeadSize
        let pipeline = channel.pipeline.syncOperations
        if proxy == nil { try pipeline.addHandler(local.handler(for: url, isRegistry: isRegistry)) }
        if url.isSecure {
            let peer = TLSPeer(host: url.host, port: url.port)
            if let proxy {
                try pipeline.addHandler(
                    ProxyTunnelHandler(
                        proxy, to: peer, timeout: configuration.handshakeTimeout, established: established))
            }
            let tls = try configuration.tls?.context ?? TLSContext.standard.get()
            try pipeline.addHandler(
                TLSHandler(
                    tls, peer: peer, timeout: configuration.handshakeTimeout,
                    established: established))
        }
        try pipeline.addHandlers(ResponseHeadHandler.client(limits))
        if let limit = configuration.decodedLimit {
            try pipeline.addHandlers(ContentDecodingHandler.handlers(limit: limit))
        }
        try pipeline.addHandler(
            UpstreamHandler(configuration: configuration, relay: url.isSecure ? nil : proxy.map { ($0, url.origin) }))
    }
}

extension NIOConnectionError {
    /// Why none of the addresses was tried, when that is why there is no connection.
    fileprivate var refusal: UpstreamError? {
        connectionErrors.lazy.compactMap { $0.error as? UpstreamError }.first
    }
}
