import Logging
import NIOCore
import NIOPosix

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

/// A forwarder and programs that use it, over real sockets on one event loop.
final class LiveForwarder: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop: any EventLoop
    private let forwarder: NIOLoopBoundBox<Forwarder>
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() async throws {
        let loop = group.next()
        self.loop = loop
        forwarder = try await loop.submit {
            NIOLoopBoundBox(Forwarder(on: loop, logger: Self.logger), eventLoop: loop)
        }.get()
    }

    func listen(_ uri: String) async throws -> FaceURI {
        let uri = try FaceURI(uri)
        return try await loop.flatSubmit { self.forwarder.value.listen(at: uri) }.get()
    }

    func route(_ prefix: String, over peer: FaceURI, cost: UInt64 = 0) async throws {
        let route = ForwarderService.StaticRoute(to: try Name(uri: prefix), over: peer, cost: cost)
        try await loop.submit { try self.forwarder.value.addRoute(route) }.get()
    }

    /// Ends the forwarder and begins another, which knows nothing.
    func restart() async throws {
        let loop = loop
        try await loop.submit {
            self.forwarder.value.close()
            self.forwarder.value = Forwarder(on: loop, logger: Self.logger)
        }.get()
    }

    var statistics: ForwarderStatistics {
        get async throws { try await loop.submit { self.forwarder.value.statistics }.get() }
    }

    /// An endpoint at the other end of a new face that is up.
    func connect(_ uri: FaceURI) async throws -> NIOLoopBound<Endpoint> {
        let loop = loop
        return try await loop.flatSubmit {
            let connector = FaceConnector(to: uri, on: loop, logger: Self.logger)
            let endpoint = Endpoint(face: connector.face)
            let bound = NIOLoopBound(endpoint, eventLoop: loop)
            return connector.connect().map { bound }
        }.get()
    }

    /// Answers every Interest with its name as content.
    func answerAll(_ endpoint: NIOLoopBound<Endpoint>) async throws {
        try await loop.submit {
            endpoint.value.add(
                FaceHandlers(interest: { interest, fields, face in
                    let data = DataBuilder(name: interest.name, content: ByteBuffer(string: interest.name.uri))
                    guard let packet = try? data.encode(signer: .digest) else { return }
                    face.send(packet, LinkFields(pitToken: fields.pitToken))
                    face.flush()
                }))
        }.get()
    }

    /// Starts a registration; its changes come as a stream.
    func register(
        _ prefix: String, _ endpoint: NIOLoopBound<Endpoint>, probe: TimeAmount? = nil
    ) async throws -> (NIOLoopBound<PrefixRegistration>, AsyncStream<PrefixRegistration.Status>) {
        let (stream, continuation) = AsyncStream.makeStream(of: PrefixRegistration.Status.self)
        let name = try Name(uri: prefix)
        let loop = loop
        let registration = try await loop.submit {
            var timing = RegistrationMachine.Timing()
            timing.probe = probe
            let registration = PrefixRegistration(
                endpoint: endpoint.value, prefix: name, signer: .digest, clock: .shared, timing: timing,
                logger: Self.logger)
            registration.onChange = { continuation.yield($0) }
            registration.start()
            return NIOLoopBound(registration, eventLoop: loop)
        }.get()
        return (registration, stream)
    }

    func fetch(_ uri: String, _ endpoint: NIOLoopBound<Endpoint>) async throws -> String {
        let name = try Name(uri: uri)
        return try await loop.flatSubmit { endpoint.value.express(InterestBuilder(name: name)) }
            .map { String(buffer: $0.content) }.get()
    }

    func stop() async throws {
        try await loop.submit { self.forwarder.value.close() }.get()
        try await group.shutdownGracefully()
    }
}
