import NDN
import NIOCore
import RegistryNDN
import Testing

/// Fetches that check every Data, of producers that sign with one key or another.
@Suite(.timeLimit(.minutes(1))) struct FetchTrustTests {
    /// A key that is valid now, and the configuration that trusts it alone.
    private struct Anchor {
        let signer: Signer
        let configuration: FetchConfiguration

        init() throws {
            let key = try PrivateKey.generateP256()
            let name = try Name(uri: "/test/KEY/k")
            let terms = Certificate.Terms.selfSigned(now: WallClock.milliseconds())
            signer = .key(key, locator: name)
            var configuration = FetchConfiguration.patient
            configuration.trust = TrustPolicy(anchors: [try .selfSigned(key, named: name, terms: terms)])
            self.configuration = configuration
        }
    }

    private static func signed(_ answer: ScriptedProducer.Answer, _ signer: Signer) -> ScriptedProducer.Answer {
        guard case .data(let content, let final, let type, _) = answer else { return answer }
        return .data(content, final: final, type: type, signer: signer)
    }

    @Test("Signed Data arrives, and a Nack that no key signed is not believed", arguments: [true, false])
    func believesOnlySigned(isNackSigned: Bool) async throws {
        let blob = TestBlob("blob", size: 300_000)
        let anchor = try Anchor()
        let nack = ScriptedProducer.Answer.data(
            ByteBuffer(), final: nil, type: ContentType.nack, signer: isNackSigned ? anchor.signer : .digest)
        try await FetchFixture.run(
            configuration: anchor.configuration,
            handler: { _, segment in
                guard let segment else { return nack }
                // One that says the blob is unknown would not serve it; and its Nack must not lose the race.
                return isNackSigned ? .silence : Self.signed(blob.answer(segment), anchor.signer)
            }
        ) { fixture in
            if isNackSigned {
                await #expect(throws: FetchError.notFound) { _ = try await fixture.read(blob.name) }
            } else {
                let octets = try await fixture.read(blob.name)
                #expect(octets == blob.octets)
            }
        }
    }

    @Test("One segment by another key: asked for again, then the blob has failed")
    func oneForged() async throws {
        let blob = TestBlob("blob", size: 300_000)
        let anchor = try Anchor()
        let other = Signer.key(try .generateP256(), locator: try Name(uri: "/test/KEY/k"))
        try await FetchFixture.run(
            configuration: anchor.configuration,
            handler: { _, segment in
                segment.map { Self.signed(blob.answer($0), $0 == 20 ? other : anchor.signer) } ?? .silence
            }
        ) { fixture in
            var failure: TrustFailure?
            do throws(FetchError) {
                _ = try await fixture.read(blob.name)
            } catch {
                if case .untrusted(let why) = error { failure = why }
            }
            #expect(failure?.rule == .forged)
            #expect(failure?.name == blob.name.appending(.segment(20)))
        }
    }

    @Test("One segment by another key: asked for again, then it comes from elsewhere")
    func oneForgedIsRepaired() async throws {
        let blob = TestBlob("blob", size: 300_000)
        let library = BlobLibrary(blob)
        let anchor = try Anchor()
        let other = Signer.key(try .generateP256(), locator: try Name(uri: "/test/KEY/k"))
        try await FetchFixture.run(
            configuration: anchor.configuration,
            handler: { _, segment in
                segment.map { Self.signed(blob.answer($0), $0 == 20 ? other : anchor.signer) } ?? .silence
            }
        ) { fixture in
            let reader = try await fixture.fetcher.open(blob.name, repair: library.repair())
            let octets = try await FetchFixture.drain(reader)
            #expect(octets == blob.octets)
            #expect(library.segments(by: "somebody") == [20])
        }
    }

    @Test("While one packet waits for its certificate, the others are checked")
    func aMissingCertificateBlocksNobody() async throws {
        let (blob, other) = (TestBlob("blob", size: 300_000), TestBlob("other", size: 300_000, seed: 2))
        let anchor = try Anchor()
        let unreachable = Signer.key(try .generateP256(), locator: try Name(uri: "/test/KEY/nowhere/issuer/v=1"))
        try await FetchFixture.run(
            configuration: anchor.configuration,
            handler: { name, segment in
                guard let segment else { return .silence }
                return name == other.name
                    ? Self.signed(other.answer(segment), unreachable) : Self.signed(blob.answer(segment), anchor.signer)
            }
        ) { fixture in
            async let waiting = fixture.fetcher.open(other.name)
            while fixture.producer.interests < 1 { await Task.yield() }
            let octets = try await fixture.read(blob.name)
            #expect(octets == blob.octets)
            var failure: TrustFailure?
            do {
                _ = try await waiting
            } catch {
                if case .untrusted(let why)? = error as? FetchError { failure = why }
            }
            #expect(failure?.rule == .unreachable)
        }
    }
}
