import Logging
internal import NDN
import NIOCore

/// The faces of a server: its listeners, and the uplink with the registration of the prefix. Confined to its event loop.
final class ServerFaces {
    let producer: BlobProducer
    private let configuration: BlobServer.Configuration
    private let logger: Logger
    private var listeners: [FaceListener] = []
    /// Their real addresses.
    private var listening: [FaceURI] = []
    private var endpoint: Endpoint?
    private var connector: FaceConnector?
    /// The registration of the prefix, and after it those of the certificates that are served beside it.
    private var registrations: [PrefixRegistration] = []
    /// Told once, when the prefix is registered, or the uplink is up and nothing is to be registered.
    private var onServing: (() -> Void)?

    init(_ producer: BlobProducer, _ configuration: BlobServer.Configuration, logger: Logger) {
        self.producer = producer
        self.configuration = configuration
        self.logger = logger
    }

    /// Answers clients at `uri` directly; returns the real address.
    func listen(at uri: FaceURI) -> EventLoopFuture<FaceURI> {
        let listener = FaceListener(
            at: uri, on: producer.eventLoop, configuration: configuration.faces, logger: logger
        ) { [producer] face in
            face.delegate = producer
        }
        listeners.append(listener)
        return listener.start().assumeIsolated().map { [self] uri in
            listening.append(uri)
            return uri
        }.nonisolated()
    }

    /// Connects to the uplink, if there is one, and keeps the prefix registered there.
    func connect(ready: @escaping @Sendable (BlobServer.Ready) -> Void) {
        guard let uplink = configuration.uplink else { return }
        let connector = FaceConnector(
            to: uplink, on: producer.eventLoop, configuration: configuration.faces, logger: logger)
        let endpoint = Endpoint(face: connector.face)
        // Behind the uplink are all clients of a network.
        producer.add(connector.face, isLimited: false)
        self.connector = connector
        self.endpoint = endpoint
        let prefix = configuration.prefix
        onServing = { ready(.serving(prefix: prefix, uplink: uplink)) }
        if configuration.registers {
            let key = configuration.key
            for name in [prefix] + (key?.certificatePrefixes(beside: prefix) ?? []) {
                let registration = PrefixRegistration(
                    endpoint: endpoint, prefix: name, signer: key?.signer ?? .digest, logger: logger)
                if registrations.isEmpty {
                    registration.onChange = { [unowned self] in if case .registered = $0 { serves() } }
                }
                registration.start()
                registrations.append(registration)
            }
        } else {
            endpoint.add(self)
        }
        endpoint.add(producer)
        connector.start()
    }

    /// Whether all who are to reach the server can, as far as it knows.
    var readiness: Readiness {
        guard let uplink = configuration.uplink else { return reading }
        guard let endpoint, endpoint.face.state == .up else {
            return .notReady("no connection to the uplink \(uplink)")
        }
        // The first is that of the blobs' prefix.
        guard let registration = registrations.first, !registration.isRegistered else { return reading }
        return .notReady("the prefix \(configuration.prefix) is not registered at the uplink \(uplink)")
    }

    /// Whether what it is asked for can be read.
    private var reading: Readiness {
        producer.trouble.map { .degraded("cannot read from \(configuration.origin): \($0)") } ?? .ready
    }

    /// What the page shows of the server.
    var state: ServerState {
        var state = producer.statistics.state
        state.origin = "\(configuration.origin)"
        state.listeners = listening.map { "\($0)" }
        if let uplink = configuration.uplink {
            let isUp = endpoint?.face.state == .up
            state.uplink = .init(
                uri: "\(uplink)", isUp: isUp, trouble: isUp ? nil : endpoint?.face.lastError.map { "\($0)" })
        }
        state.prefixes =
            registrations.isEmpty
            ? [.init(name: "\(configuration.prefix)", isRegistered: nil)]
            : registrations.map { .init(name: "\($0.prefix)", isRegistered: $0.isRegistered) }
        return state
    }

    private func serves() {
        onServing?()
        onServing = nil
    }

    /// Unregisters the prefix and closes all faces.
    func close() -> EventLoopFuture<Void> {
        for listener in listeners { listener.close() }
        listeners = []
        let stopped = EventLoopFuture.andAllComplete(registrations.map { $0.stop() }, on: producer.eventLoop)
        let bound = NIOLoopBound(self, eventLoop: producer.eventLoop)
        return stopped.map {
            bound.value.endpoint?.close()
            bound.value.endpoint = nil
        }
    }
}

extension ServerFaces: FaceDelegate {
    func face(_ face: Face, changed state: FaceState) {
        if state == .up { serves() }
    }
}
