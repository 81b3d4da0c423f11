import Foundation
import Logging
import NIOCore
import NIOPosix

@testable import NDN
@testable import RegistryNDN

/// A listener and faces that connect to it, over real sockets on one event loop. The listener's side answers every
/// Interest with Data of the size that the name's last component asks for, `seg=<octets>`.
final class FacePair: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop: any EventLoop
    private let listener: NIOLoopBoundBox<FaceListener?>
    private let accepted: NIOLoopBoundBox<[Endpoint]>
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() {
        loop = group.next()
        listener = .makeBoxSendingValue(nil, eventLoop: loop)
        accepted = .makeBoxSendingValue([], eventLoop: loop)
    }

    static func unixSocket() -> String {
        "unix://\(FileManager.default.temporaryDirectory.path)/ndn-\(UUID().uuidString.prefix(8)).sock"
    }

    func listen(_ uri: String, _ configuration: FaceConfiguration = .init()) async throws -> FaceURI {
        let uri = try FaceURI(uri)
        return try await loop.flatSubmit { [self] in
            let made = FaceListener(at: uri, on: loop, configuration: configuration, logger: Self.logger) {
                [self] face in
                let endpoint = Endpoint(face: face)
                endpoint.add(FaceHandlers(interest: { Self.answer($0, $1, $2) }))
                accepted.value.append(endpoint)
            }
            listener.value = made
            return made.start()
        }.get()
    }

    private static func answer(_ interest: Interest, _ fields: LinkFields, _ face: Face) {
        let size = Int(interest.name.splitSegment()?.segment ?? 0)
        let data = DataBuilder(name: interest.name, content: ByteBuffer(repeating: 0x5a, count: size))
        guard let packet = try? data.encode(signer: .digest) else { return }
        face.send(packet, LinkFields(pitToken: fields.pitToken))
    }

    /// Stops listening and closes the accepted faces.
    func hangUp() async throws {
        try await loop.submit { [self] in
            listener.value?.close()
            listener.value = nil
            accepted.value = []
        }.get()
    }

    /// From now on the faces accepted so far answer nothing, as behind a NAT that has forgotten them.
    func mute() async throws {
        try await loop.submit { [self] in
            for endpoint in accepted.value { endpoint.face.delegate = nil }
        }.get()
    }

    /// Reads something of the accepted faces' side.
    func ofAccepted<T: Sendable>(_ body: @escaping @Sendable ([Face]) -> T) async throws -> T {
        try await loop.submit { [self] in body(accepted.value.map(\.face)) }.get()
    }

    /// A connector, and what becomes of its face.
    func connect(
        _ uri: FaceURI, _ configuration: FaceConfiguration = .init()
    ) async throws -> (endpoint: NIOLoopBound<Endpoint>, states: AsyncStream<FaceState>) {
        let loop = loop
        let (states, continuation) = AsyncStream.makeStream(of: FaceState.self)
        let endpoint = try await loop.submit {
            let connector = FaceConnector(to: uri, on: loop, configuration: configuration, logger: Self.logger)
            let endpoint = Endpoint(face: connector.face)
            endpoint.add(FaceHandlers(state: { continuation.yield($0) }))
            connector.start()
            return NIOLoopBound(endpoint, eventLoop: loop)
        }.get()
        return (endpoint, states)
    }

    /// Asks for Data with so many octets of content; how many came.
    func ask(_ endpoint: NIOLoopBound<Endpoint>, octets: Int) async throws -> Int {
        let name = try Name(uri: "/example").appending(.segment(UInt64(octets)))
        return try await loop.flatSubmit {
            var interest = InterestBuilder(name: name)
            interest.lifetimeMilliseconds = 1000
            // A UDP face whose socket is being opened again drops what is sent meanwhile.
            return endpoint.value.express(interest, retransmissions: 20)
        }.map { $0.content.readableBytes }.get()
    }

    func stop() async throws {
        try await hangUp()
        try await group.shutdownGracefully()
    }
}
