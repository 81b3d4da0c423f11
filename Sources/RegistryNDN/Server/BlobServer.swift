package import Logging
package import NDN
package import NIOCore
internal import ServiceLifecycle

/// The server as a service: connects and listens, says so, and answers until the group shuts down.
package struct BlobServer: Service {
    package struct Configuration: Sendable {
        /// Prefix of every blob's name.
        package var prefix: Name
        package var origin: BlobOrigin
        /// Which repositories are served; all when empty.
        package var repositories: [RepositoryPattern] = []
        /// How a registry is connected to.
        package var upstream = UpstreamConfiguration()
        /// The forwarder to connect to; nil for none.
        package var uplink: FaceURI?
        /// Whether the prefix is registered at the uplink.
        package var registers = true
        /// Where clients are answered directly.
        package var listeners: [FaceURI] = []
        package var faces = FaceConfiguration()
        /// Bytes of payload in a segment, and segments read from the registry at once.
        package var chunkSize = 7777
        package var fetchChunks = 512
        /// Bytes for ranges and finished packets together.
        package var cacheSize = 64 << 20
        /// The key that signs commands to the forwarder, and whose certificates are served under their own names; nil when a
        /// digest signs.
        package var key: SigningKey?
        /// Whether the key, which must be an ECDSA key then, signs Data too.
        package var signsData = false
        /// Reads at the registry at a time.
        package var concurrency = 8
        var packing = Packing.standard
        /// Interests and bytes a second of one source address, on listeners, from other machines.
        package var sourceInterests = 50_000
        package var sourceOctets = 256 << 20

        package init(prefix: Name, origin: BlobOrigin) {
            self.prefix = prefix
            self.origin = origin
        }
    }

    /// An event that `ready` is called with.
    package enum Ready: Sendable {
        case listening(FaceURI)
        /// The prefix is registered at the uplink, or the uplink is up when nothing is to be registered.
        case serving(prefix: Name, uplink: FaceURI)
    }

    private let configuration: Configuration
    private let eventLoop: any EventLoop
    private let group: any EventLoopGroup
    private let monitor: ServerMonitor
    private let signals: @Sendable () -> AsyncStream<Void>
    private let ready: @Sendable (Ready) -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - group: Runs the faces on one of its loops and the connections to the registry on all.
    ///   - monitor: is told how the program is.
    ///   - signals: Each element asks for a statistics line.
    package init(
        _ configuration: Configuration, group: any EventLoopGroup, logger: Logger,
        monitor: ServerMonitor = ServerMonitor(),
        statisticsSignals signals: @escaping @Sendable () -> AsyncStream<Void> = { AsyncStream { $0.finish() } },
        ready: @escaping @Sendable (Ready) -> Void
    ) {
        self.configuration = configuration
        self.group = group
        eventLoop = group.next()
        self.logger = logger
        self.monitor = monitor
        self.signals = signals
        self.ready = ready
    }

    package func run() async throws {
        let (reads, queue) = AsyncStream.makeStream(of: Int.self)
        let pool = configuration.signsData ? configuration.key.map { SigningPool($0) } : nil
        let faces = try await eventLoop.submit {
            let producer = BlobProducer(
                configuration.cache, limits: configuration.limits, on: eventLoop, logger: logger,
                certificates: ServedPackets(configuration.key?.chain.map(\.data) ?? []), signing: pool,
                streams: ReadStreams(configuration.streams, on: eventLoop) { queue.yield($0) })
            return NIOLoopBound(ServerFaces(producer, configuration, logger: logger), eventLoop: eventLoop)
        }.get()
        let reader = try await eventLoop.submit {
            configuration.origin.reader(
                for: NIOLoopBound(faces.value.producer, eventLoop: eventLoop),
                rangeSize: configuration.chunkSize * configuration.fetchChunks, upstream: configuration.upstream,
                packing: configuration.packing, group: group, logger: logger)
        }.get()
        defer { reader.shutdown() }
        do {
            var bound: [FaceURI] = []
            for uri in configuration.listeners {
                bound.append(try await eventLoop.flatSubmit { faces.value.listen(at: uri) }.get())
            }
            // Nothing is ready until all of it is.
            for uri in bound { ready(.listening(uri)) }
        } catch {
            try await eventLoop.flatSubmit { faces.value.close() }.get()
            throw error
        }
        try await eventLoop.submit { faces.value.connect(ready: ready) }.get()
        monitor.begin(faces)
        await serve(reader, reads, queue, faces)
        monitor.end()
        try await eventLoop.flatSubmit {
            logger.info("statistics", metadata: faces.value.producer.statistics.metadata)
            return faces.value.close()
        }.get()
        await pool?.shutdown()
    }

    /// Reads at the registry and writes statistics; returns at the graceful shutdown.
    private func serve(
        _ reader: any OriginReader, _ reads: AsyncStream<Int>, _ queue: AsyncStream<Int>.Continuation,
        _ faces: NIOLoopBound<ServerFaces>
    ) async {
        await withDiscardingTaskGroup { tasks in
            tasks.addTask {
                for await _ in signals().cancelOnGracefulShutdown() {
                    eventLoop.execute {
                        logger.info("statistics", metadata: faces.value.producer.statistics.metadata)
                    }
                }
            }
            tasks.addTask {
                try? await gracefulShutdown()
                monitor.end()
                queue.finish()
                eventLoop.execute { faces.value.producer.streams.close() }
            }
            if let registry = reader as? RegistryReader {
                tasks.addTask {
                    _ = await UpstreamCheck(
                        upstream: registry.upstream, noun: "registry",
                        consequence: "blobs that are not cached cannot be served until it is", logger: logger
                    ).run()
                }
            }
            for await stream in reads {
                tasks.addTask { await reader.perform(stream: stream) }
            }
            tasks.cancelAll()
        }
    }
}

extension BlobServer.Configuration {
    fileprivate var cache: RangeCache.Configuration {
        var cache = RangeCache.Configuration(prefix: prefix)
        cache.repositories = repositories
        cache.chunkSize = chunkSize
        cache.fetchChunks = fetchChunks
        cache.capacity = cacheSize
        cache.readBuffer = origin.readBuffer
        cache.concurrency = concurrency
        // A folder on this machine is asked for next to nothing.
        if !origin.hasStreams { (cache.misses, cache.missBurst) = (1000, 500) }
        cache.trailer = signsData ? key.flatMap { SegmentTrailer($0.key, locator: $0.locator) } : nil
        return cache
    }

    /// The buffers of all streams take a quarter of the cache, at most, as long as they are not all in use.
    fileprivate var streams: StreamPlan.Configuration {
        .init(limit: min(concurrency, max(1, cacheSize / 4 / origin.readBuffer)), joins: origin.hasStreams)
    }

    fileprivate var limits: SourceLimiter.Limits {
        .init(interests: Double(sourceInterests), octets: Double(sourceOctets))
    }
}
