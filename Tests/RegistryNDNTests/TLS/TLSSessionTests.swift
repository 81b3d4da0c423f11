import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct TLSSessionTests {
    @Test func bothSidesAgree() throws {
        var pair = try TLSPair(TestCertificate.clientContext(), TestCertificate.good.serverContext())
        #expect(pair.handshake() == nil)
        #expect(pair.client.isEstablished && pair.server.isEstablished)
        #expect(pair.client.summary.version == "TLSv1.3" && !pair.client.summary.isResumed)
    }

    /// Which certificates are accepted under which name, or the words that tell why not.
    @Test(
        arguments: [
            (TestCertificate.good, "localhost", nil),
            (.good, "127.0.0.1", nil),
            (.good, "::1", nil),
            (
                .good, "127.0.0.2",
                "is for DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, not for 127.0.0.2"
            ),
            (.wildcard, "a.wild.example", nil),
            (.wildcard, "b.a.wild.example", "is for DNS:*.wild.example, not for b.a.wild.example"),
            (.wildcard, "wild.example", "not for wild.example"),
            (
                .wrongHost, "localhost",
                "is for DNS:elsewhere.example, IP Address:192.0.2.7, not for localhost: use one of"
            ),
            (
                .expired, "localhost",
                "the certificate of localhost:443 expired on Feb  3 00:00:00 2021 GMT: it must be renewed"
            ),
            (.future, "localhost", "is valid from Feb  3 00:00:00 2198 GMT on, not yet: check this machine's clock"),
            (
                .selfSigned, "localhost",
                "is self-signed (CN=alone): if it is the right one, name its PEM file with \(RegistrySetting.authorities)"
            ),
            (.unknown, "localhost", "was not sent (CN=Other Root)"),
            (
                .intermediateMissing, "localhost",
                "not sent (CN=Test Intermediate): if that is an intermediate authority, the"
            ),
            (.intermediateSent, "localhost", nil),
            (.clientPurpose, "localhost", "is not one for servers (CN=leaf)"),
        ] as [(TestCertificate, String, String?)])
    func verification(certificate: TestCertificate, host: String, words: String?) throws {
        var pair = try TLSPair(TestCertificate.clientContext(), certificate.serverContext(), host: host)
        let error = pair.handshake()
        guard let words else {
            #expect(error == nil)
            return
        }
        #expect(error?.code == .verification)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "accepted")")
        #expect(error?.message.contains(host) == true)
    }

    @Test func theSystemDoesNotTrustTheTests() throws {
        var pair = try TLSPair(TLSContext.standard.get(), TestCertificate.good.serverContext())
        #expect(pair.handshake()?.code == .verification)
    }

    @Test func insecureAcceptsAnything() throws {
        let client = try TestCertificate.clientContext { $0.isInsecure = true }
        for certificate in [TestCertificate.expired, .unknown, .wrongHost, .selfSigned] {
            var pair = try TLSPair(client, certificate.serverContext())
            #expect(pair.handshake() == nil)
        }
    }

    @Test(arguments: [1, 5, 1000, 16_384, 16_385, 300_000])
    func octetsPass(count: Int) throws {
        var pair = try TLSPair(TestCertificate.clientContext(), TestCertificate.good.serverContext())
        #expect(pair.handshake() == nil)
        let sent = ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        var network: [ByteBuffer] = []
        guard case .done = pair.server.write(sent, send: { network.append($0) }) else {
            Issue.record("not written")
            return
        }
        #expect(network.allSatisfy { $0.readableBytes < 5 * TLSSession.recordSize })
        var received = ByteBuffer()
        // Cut anywhere, so that records come in pieces.
        for octets in network {
            var octets = octets
            while let piece = octets.readSlice(length: min(977, octets.readableBytes)), piece.readableBytes > 0 {
                pair.client.receive(piece)
                guard case .wantsInput = pair.client.read(into: &received) else {
                    Issue.record("unexpected end")
                    return
                }
            }
        }
        #expect(received == sent)
    }

    @Test func farewell() throws {
        var pair = try TLSPair(TestCertificate.clientContext(), TestCertificate.good.serverContext())
        #expect(pair.handshake() == nil)
        var network = ByteBuffer()
        _ = pair.server.write(ByteBuffer(string: "last"), send: { network.writeImmutableBuffer($0) })
        pair.client.receive(network)
        pair.server.shutDown()
        let (octets, isEnded) = try pair.clientReads()
        #expect(String(buffer: octets) == "last" && isEnded && pair.client.isEnded)
    }

    @Test func alteredOctetsAreNoticed() throws {
        var pair = try TLSPair(TestCertificate.clientContext(), TestCertificate.good.serverContext())
        #expect(pair.handshake() == nil)
        _ = try pair.clientReads()
        var network = ByteBuffer()
        _ = pair.server.write(ByteBuffer(string: "something"), send: { network.writeImmutableBuffer($0) })
        let last = network.writerIndex - 1
        network.setInteger(~(network.getInteger(at: last) ?? 0) as UInt8, at: last)
        pair.client.receive(network)
        var octets = ByteBuffer()
        guard case .failed(let error) = pair.client.read(into: &octets) else {
            Issue.record("accepted")
            return
        }
        #expect(error.code == .broken && error.message.contains("localhost:443 is damaged"))
        #expect(octets.readableBytes == 0)
    }

    @Test func whatIsNoTLS() throws {
        var session = try TLSSession(TestCertificate.clientContext(), peer: TLSPeer(host: "localhost", port: 80))
        _ = session.handshake()
        session.receive(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"))
        guard case .failed(let error) = session.handshake() else {
            Issue.record("accepted")
            return
        }
        #expect(error.code == .handshake && error.message.contains("localhost:80 does not speak TLS"))
    }

    @Test func sessionsAreResumed() throws {
        let (client, server) = try (TestCertificate.clientContext(), TestCertificate.good.serverContext())
        for isResumed in [false, true, true] {
            var pair = try TLSPair(client, server)
            #expect(pair.handshake() == nil)
            _ = try pair.clientReads()
            #expect(pair.client.summary.isResumed == isResumed)
            pair.client.keepSession()
            // OpenSSL takes a session for bad when its connection ends without.
            pair.client.shutDown()
        }
        // Verified for another name: not resumed.
        var other = try TLSPair(client, server, host: "127.0.0.1")
        #expect(other.handshake() == nil)
        #expect(!other.client.summary.isResumed)
    }
}

@Suite struct TLSContextTests {
    @Test func wrongFilesAreNamed() throws {
        func words(_ make: () throws -> TLSContext) -> String {
            do {
                _ = try make()
                return "accepted"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            words { try TestCertificate.clientContext { $0.authorityFile = "/nowhere.pem" } }.contains(
                "\(RegistrySetting.authorities) /nowhere.pem: "))
        let key = try TestCertificate.path("leaf.key")
        #expect(
            words { try TestCertificate.clientContext { $0.authorityFile = key } }.contains(
                "\(RegistrySetting.authorities) \(key): "))
        #expect(
            words { try TestCertificate.clientContext { $0.certificateFile = "a" } }.contains(
                "\(RegistrySetting.certificate) needs \(RegistrySetting.key)"))
        #expect(
            words { try TestCertificate.clientContext { $0.keyFile = "a" } }.contains(
                "\(RegistrySetting.key) needs \(RegistrySetting.certificate)"))
        let certificate = try TestCertificate.path("client.pem")
        let mismatch = words {
            try TestCertificate.clientContext {
                $0.certificateFile = certificate
                $0.keyFile = key
            }
        }
        #expect(mismatch.contains("\(RegistrySetting.key) \(key): key values mismatch"), "\(mismatch)")
        #expect(
            words { try TLSContext(certificate: "/nowhere", key: key) }.contains(
                "\(RegistrySetting.endpointCertificate) /nowhere: "))
    }
}
