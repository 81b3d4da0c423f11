import Foundation
import Logging
import NIOCore
import NIOPosix

@testable import NDN
@testable import RegistryNDN

/// A `StrictForwarder` at work on a Unix socket or UDP.
final class LiveManagement: Sendable {
    private let group: MultiThreadedEventLoopGroup
    let loop: any EventLoop
    let uri: FaceURI
    private let strict: NIOLoopBound<StrictForwarder>
    private let listener: NIOLoopBound<FaceListener>
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private init(
        _ group: MultiThreadedEventLoopGroup, _ uri: FaceURI, _ strict: NIOLoopBound<StrictForwarder>,
        _ listener: NIOLoopBound<FaceListener>
    ) {
        self.group = group
        loop = group.any()
        self.uri = uri
        self.strict = strict
        self.listener = listener
    }

    static func start(_ rules: StrictForwarder.Rules = .init()) async throws -> LiveManagement {
        // A loop of its own: other tests block the shared ones for long.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let path = "\(FileManager.default.temporaryDirectory.path)/ndn-\(UUID().uuidString.prefix(8)).sock"
        let wanted = try FaceURI(rules.scope == .localhost ? "unix://\(path)" : "udp://127.0.0.1:0")
        return try await loop.flatSubmit {
            let strict = StrictForwarder(rules)
            var endpoints: [Endpoint] = []
            let listener = FaceListener(at: wanted, on: loop, logger: logger) { face in
                let endpoint = Endpoint(face: face)
                endpoint.add(
                    FaceHandlers(interest: { [unowned endpoint] interest, fields, _ in
                        strict.receive(interest, fields, endpoint)
                    }))
                endpoints.append(endpoint)
            }
            let bound = (NIOLoopBound(strict, eventLoop: loop), NIOLoopBound(listener, eventLoop: loop))
            return listener.start().map { LiveManagement(group, $0, bound.0, bound.1) }
        }.get()
    }

    func withStrict<T: Sendable>(_ body: @escaping @Sendable (StrictForwarder) -> T) async throws -> T {
        let strict = strict
        return try await loop.submit { body(strict.value) }.get()
    }

    func session(
        _ signer: Signer = .digest, certificates: [DataPacket] = [], clock: CommandClock = CommandClock(),
        timeout: TimeAmount = .seconds(10)
    ) async throws -> ManagementSession {
        try await ManagementSession.connect(
            to: uri, signer: signer, certificates: certificates, clock: clock, timeout: timeout, group: loop,
            logger: Self.logger)
    }

    /// Keeps a prefix registered over a face of its own; what becomes of it comes as a stream.
    func register(
        _ prefix: Name, timing: RegistrationMachine.Timing, face: FaceConfiguration = .init()
    ) async throws -> AsyncStream<PrefixRegistration.Status> {
        let (stream, continuation) = AsyncStream.makeStream(of: PrefixRegistration.Status.self)
        let (loop, uri) = (loop, uri)
        try await loop.submit {
            let connector = FaceConnector(to: uri, on: loop, configuration: face, logger: Self.logger)
            let registration = PrefixRegistration(
                endpoint: Endpoint(face: connector.face), prefix: prefix, signer: .digest, clock: CommandClock(),
                timing: timing,
                logger: Self.logger)
            registration.onChange = { continuation.yield($0) }
            registration.start()
            connector.start()
        }.get()
        return stream
    }

    func stop() async throws {
        let listener = listener
        try await loop.submit { listener.value.close() }.get()
        try await group.shutdownGracefully()
    }
}
