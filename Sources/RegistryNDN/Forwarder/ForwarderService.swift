package import Logging
package import NDN
package import NIOCore
internal import ServiceLifecycle

/// The forwarder as a service: listens, says so, and serves until the group shuts down.
package struct ForwarderService: Service {
    /// A prefix, and a peer that Interests below it are sent to.
    package struct StaticRoute: Hashable, Sendable {
        package let prefix: Name
        package let peer: FaceURI
        /// Of several peers of a prefix the one of the lowest cost is preferred.
        package let cost: UInt64

        package init(to prefix: Name, over peer: FaceURI, cost: UInt64 = 0) {
            self.prefix = prefix
            self.peer = peer
            self.cost = cost
        }

        /// Whether both are one route, which has one cost.
        package func isSame(as other: StaticRoute) -> Bool { prefix == other.prefix && peer == other.peer }
    }

    private let listeners: [FaceURI]
    private let routes: [StaticRoute]
    private let limits: ForwardingCore.Limits
    private let faces: FaceConfiguration
    private let eventLoop: any EventLoop
    private let gauge: ForwarderGauge
    private let signals: @Sendable () -> AsyncStream<Void>
    private let ready: @Sendable (FaceURI) -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - routes: Several of one prefix are several next hops.
    ///   - gauge: is told of the forwarder.
    ///   - signals: Each element asks for a statistics line.
    ///   - ready: Told of each listener's real address, once all of them listen.
    package init(
        listeners: [FaceURI], routes: [StaticRoute] = [], limits: ForwardingCore.Limits,
        faces: FaceConfiguration = FaceConfiguration(),
        on eventLoop: any EventLoop, logger: Logger, gauge: ForwarderGauge = ForwarderGauge(),
        statisticsSignals signals: @escaping @Sendable () -> AsyncStream<Void> = { AsyncStream { $0.finish() } },
        ready: @escaping @Sendable (FaceURI) -> Void
    ) {
        self.listeners = listeners
        self.routes = routes
        self.limits = limits
        self.faces = faces
        self.eventLoop = eventLoop
        self.gauge = gauge
        self.signals = signals
        self.ready = ready
        self.logger = logger
    }

    package func run() async throws {
        let forwarder = try await eventLoop.submit {
            NIOLoopBound(
                Forwarder(on: eventLoop, limits: limits, configuration: faces, logger: logger), eventLoop: eventLoop)
        }.get()
        do {
            var bound: [FaceURI] = []
            for uri in listeners {
                bound.append(try await eventLoop.flatSubmit { forwarder.value.listen(at: uri) }.get())
            }
            try await eventLoop.submit {
                for route in routes { try forwarder.value.addRoute(route) }
            }.get()
            gauge.begin(forwarder)
            // Nothing is ready until all of it is.
            bound.forEach(ready)
        } catch {
            try await eventLoop.submit { forwarder.value.close() }.get()
            throw error
        }
        await serve(forwarder)
        gauge.end()
        try await eventLoop.submit {
            logger.info("statistics", metadata: forwarder.value.statistics.metadata)
            forwarder.value.close()
        }.get()
    }

    /// Returns at the graceful shutdown.
    private func serve(_ forwarder: NIOLoopBound<Forwarder>) async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                for await _ in signals().cancelOnGracefulShutdown() {
                    eventLoop.execute { logger.info("statistics", metadata: forwarder.value.statistics.metadata) }
                }
            }
            tasks.addTask { try? await gracefulShutdown() }
            await tasks.waitForAll()
        }
    }
}

extension ForwarderStatistics {
    /// As the statistics line has it.
    var metadata: Logger.Metadata {
        [
            "interests": .stringConvertible(interests), "data": .stringConvertible(data),
            "cs_hits": .stringConvertible(hits), "cs_misses": .stringConvertible(misses),
            "cs_bytes": .stringConvertible(storedOctets), "pit": .stringConvertible(pending),
            "faces": .stringConvertible(faces),
        ]
    }
}
