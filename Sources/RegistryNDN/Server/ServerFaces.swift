import Logging
internal import NDN
import NIOCore

/// The faces of a server: its listeners, and the uplink with the registration of the prefix. Confined to its event loop.
final class ServerFaces {
    let producer: BlobProducer
    private let configuration: BlobServer.Configuration
    private let logger: Logger
    private var listeners: [FaceListener] = []
    private var endpoint: Endpoint?
    private var connector: FaceConnector?
    /// Of the prefix first, then of the certificates that are served beside it.
    private var registrations: [PrefixRegistration] = []
    private var hasServed = false

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
        return listener.start()
    }

    /// Connects to the uplink, if there is one, and keeps the prefix registered there.
    func connect(ready: @escaping @Sendable (BlobServer.Ready) -> Void) {
        guard let uplink = configuration.uplink else { return }
        let connector = FaceConnector(
            to: uplink, on: producer.eventLoop, configuration: configuration.faces, logger: logger)
        let endpoint = Endpoint(face: connector.face)
        endpoint.interestHandler = { [producer] in producer.receive($0, $1, from: $2) }
        endpoint.batchEnded = { [producer] in producer.batchEnded() }
        producer.add(connector.face)
        self.connector = connector
        self.endpoint = endpoint
        let isServing = { [unowned self] in
            guard !hasServed else { return }
            hasServed = true
            ready(.serving(prefix: configuration.prefix, uplink: uplink))
        }
        if configuration.registers {
            let key = configuration.key
            for prefix in [configuration.prefix] + (key?.certificatePrefixes(beside: configuration.prefix) ?? []) {
                let registration = PrefixRegistration(
                    endpoint: endpoint, prefix: prefix, signer: key?.signer ?? .digest, logger: logger)
                if registrations.isEmpty { registration.onChange = { if case .registered = $0 { isServing() } } }
                registration.start()
                registrations.append(registration)
            }
        } else {
            endpoint.onStateChange = { if $0 == .up { isServing() } }
        }
        connector.start()
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
