import Foundation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// The certificates beside the tests, which Resources/tls/make.py wrote.
enum TestCertificate: String, CaseIterable {
    case good, expired, future, wildcard, unknown, client
    case wrongHost = "wrong-host"
    case selfSigned = "self-signed"
    case intermediateMissing = "intermediate-missing"
    case intermediateSent = "intermediate-sent"
    case clientPurpose = "client-purpose"

    static func path(_ file: String) throws -> String {
        Bundle.module.bundlePath + "/Resources/tls/" + file
    }

    /// A context that shows this certificate.
    func serverContext() throws -> TLSContext {
        try TLSContext(certificate: Self.path("\(rawValue).pem"), key: Self.path("leaf.key"))
    }

    /// A context that trusts the root of the tests.
    static func clientContext(_ adjust: (inout TLSConfiguration) -> Void = { _ in }) throws -> TLSContext {
        var configuration = TLSConfiguration()
        configuration.authorityFile = try path("root.pem")
        adjust(&configuration)
        return try TLSContext(client: configuration)
    }

    /// The same for upstreams.
    static func upstream() throws -> UpstreamTLS {
        var configuration = TLSConfiguration()
        configuration.authorityFile = try path("root.pem")
        return UpstreamTLS(try .init(configuration))
    }
}

/// A client and a server whose octets a test carries to and fro.
struct TLSPair: ~Copyable {
    var client: TLSSession
    var server: TLSSession

    init(
        _ client: TLSContext, _ server: TLSContext, host: String = "localhost"
    ) throws {
        let clientSession = try TLSSession(client, peer: TLSPeer(host: host, port: 443))
        let serverSession = try TLSSession(server, peer: nil)
        self.client = clientSession
        self.server = serverSession
    }

    /// Carries all that is to be sent, `size` octets at a time; false when there was nothing.
    mutating func carry(size: Int = .max) -> Bool {
        let (up, down) = (client.takeOutput(), server.takeOutput())
        if let up { Self.deliver(up, size) { server.receive($0) } }
        if let down { Self.deliver(down, size) { client.receive($0) } }
        return up != nil || down != nil
    }

    private static func deliver(_ octets: ByteBuffer, _ size: Int, _ receive: (ByteBuffer) -> Void) {
        var octets = octets
        while let piece = octets.readSlice(length: min(size, octets.readableBytes)), piece.readableBytes > 0 {
            receive(piece)
        }
    }

    /// Performs the handshake; the first failure of the client, or else of the server.
    mutating func handshake() -> TLSError? {
        var failure: TLSError?
        repeat {
            if !client.isEstablished, case .failed(let error) = client.handshake() { return error }
            if !server.isEstablished, case .failed(let error) = server.handshake() { failure = failure ?? error }
        } while carry()
        return failure
    }

    /// What the client reads of all that the server sends.
    mutating func clientReads() throws -> (octets: ByteBuffer, isEnded: Bool) {
        _ = carry()
        var octets = ByteBuffer()
        switch client.read(into: &octets) {
        case .failed(let error): throw error
        case .ended: return (octets, true)
        case .wantsInput, .done: return (octets, false)
        }
    }
}
