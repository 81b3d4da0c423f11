import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// A clock that stands still, and certificates that arrive when asked for.
private final class TrustScript {
    var now = TestKey.now
    var certificates: [DataPacket] = []
    /// In a cache: it answers what need not be fresh.
    var cached: [DataPacket] = []
    private(set) var asked: [Name] = []
    private var held: [() -> Void]?

    func resolver(_ anchors: [Certificate]) -> KeyResolver {
        KeyResolver(TrustPolicy(anchors: anchors), now: { self.now }) { [self] interest, done in
            asked.append(interest.name)
            let packet = try! Interest(decoding: interest.encode())
            let answer = {
                let known = (interest.mustBeFresh ? [] : self.cached) + self.certificates
                done(known.first { $0.satisfies(packet) })
            }
            if held != nil { held?.append(answer) } else { answer() }
        }
    }

    /// From now on answers wait for `release`.
    func hold() { held = [] }

    func release() {
        let answers = held ?? []
        held = nil
        for answer in answers { answer() }
    }
}

@Suite("Security: whom to trust")
struct KeyResolverTests {
    private let script = TrustScript()

    private func outcome(_ resolver: KeyResolver, _ locator: Name) -> Result<PublicKey, TrustFailure>? {
        var outcome: Result<PublicKey, TrustFailure>?
        resolver.key(locator) { outcome = $0 }
        return outcome
    }

    private func rule(_ resolver: KeyResolver, _ locator: Name) -> TrustFailure.Rule? {
        if case .failure(let failure)? = outcome(resolver, locator) { failure.rule } else { nil }
    }

    @Test("An anchor's key is trusted by its key's name and by any certificate's, without asking")
    func anchor() throws {
        let root = try TestKey("/a")
        let resolver = script.resolver([root.certificate])
        for locator in [root.name, root.certificate.name, root.name.appending(.generic("x")).appending(.version(1))] {
            #expect(try outcome(resolver, locator)?.get().spki == root.certificate.publicKey.spki)
        }
        #expect(script.asked.isEmpty)
    }

    @Test("A chain to an anchor is followed once, then remembered")
    func chain() throws {
        let root = try TestKey("/a")
        let site = try TestKey("/a/b", issuer: root)
        let host = try TestKey("/a/b/c", issuer: site)
        script.certificates = [site.certificate.data, host.certificate.data]
        let resolver = script.resolver([root.certificate])
        for locator in [host.certificate.name, host.certificate.name, host.name] {
            #expect(try outcome(resolver, locator)?.get().spki == host.certificate.publicKey.spki)
        }
        #expect(script.asked.count == 4, "two for the certificate's name, two for the key's")
    }

    @Test("A certificate in a cache that cannot be trusted: another one of the key, or of the name, is asked for")
    func junk() throws {
        let root = try TestKey("/a")
        let past = ValidityPeriod(notBefore: 1, notAfter: 2)
        let site = try TestKey("/a/b", issuer: root)
        let expired = try Certificate.issue(
            site.key.publicKey(), named: site.name,
            terms: .init(issuerID: .generic("x"), version: 1, validity: past),
            signer: .key(root.key, locator: root.name))
        let impostor = try TestKey("/a")
        let forged = try Certificate.issue(
            site.key.publicKey(), named: site.name,
            terms: .init(
                issuerID: site.certificate.issuerID, version: site.certificate.version.number ?? 0,
                validity: site.certificate.validity),
            signer: .key(impostor.key, locator: impostor.name))
        script.certificates = [site.certificate.data]
        for junk in [expired, forged] {
            script.cached = [junk.data]
            #expect(rule(script.resolver([root.certificate]), site.name) == nil)
        }
        #expect(rule(script.resolver([root.certificate]), forged.name) == nil)
    }

    @Test("Junk that comes from everywhere is asked for a few times in all")
    func endlessJunk() throws {
        let root = try TestKey("/a")
        let impostor = try TestKey("/a")
        var (last, certificates) = (impostor, [DataPacket]())
        for depth in 0..<4 {
            last = try TestKey("/a", id: "d\(depth)", issuer: last)
            certificates.append(last.certificate.data)
        }
        script.certificates = certificates
        #expect(rule(script.resolver([root.certificate]), last.name) == .forged)
        #expect(script.asked.count <= 4 * 4)
    }

    @Test("Many who ask at once cause one search")
    func shared() throws {
        let root = try TestKey("/a")
        let site = try TestKey("/a/b", issuer: root)
        script.certificates = [site.certificate.data]
        let resolver = script.resolver([root.certificate])
        script.hold()
        var outcomes = 0
        for _ in 0..<5 { resolver.key(site.certificate.name) { if case .success = $0 { outcomes += 1 } } }
        #expect(outcomes == 0 && script.asked.count == 1)
        script.release()
        #expect(outcomes == 5)
    }

    @Test("Each rule that fails is told")
    func refused() throws {
        let root = try TestKey("/a")
        let past = ValidityPeriod(notBefore: 1, notAfter: 2)
        let future = ValidityPeriod(notBefore: 1_900_000_000, notAfter: 1_950_000_000)
        let expired = try TestKey("/a/1", issuer: root, validity: past)
        let early = try TestKey("/a/2", issuer: root, validity: future)
        let stranger = try TestKey("/a/3")
        let foreign = try TestKey("/b/4", issuer: root)
        let impostor = try TestKey("/a")  // the same names as the anchor's, another key
        let forged = try TestKey("/a/5", issuer: impostor)
        script.certificates = [expired, early, stranger, foreign, forged].map(\.certificate.data)
        let resolver = script.resolver([root.certificate])
        #expect(rule(resolver, expired.certificate.name) == .notValidNow)
        #expect(rule(resolver, early.certificate.name) == .notValidNow)
        #expect(rule(resolver, stranger.certificate.name) == .unknownAnchor)
        #expect(rule(resolver, foreign.certificate.name) == .foreignKey)
        #expect(rule(resolver, forged.certificate.name) == .forged)
        #expect(rule(resolver, try Name(uri: "/a/6/KEY/k/issuer/v=1")) == .unreachable)
        #expect(rule(script.resolver([expired.certificate]), expired.name) == .notValidNow)
        #expect(rule(script.resolver([]), root.certificate.name) == .unreachable)
    }

    @Test("A chain that leads back to itself, or is too long, ends")
    func endless() throws {
        let root = try TestKey("/a")
        let (one, two) = (try TestKey("/a", id: "1"), try TestKey("/a", id: "2"))
        func issue(_ key: TestKey, by issuer: TestKey) throws -> Certificate {
            try Certificate.issue(
                key.key.publicKey(), named: key.name,
                terms: .init(issuerID: .generic("x"), version: 1, validity: key.certificate.validity),
                signer: .key(issuer.key, locator: issuer.name))
        }
        var certificates = [try issue(one, by: two), try issue(two, by: one)]
        var last = root
        for depth in 0..<6 {
            last = try TestKey("/a", id: "d\(depth)", issuer: last)
            certificates.append(last.certificate)
        }
        script.certificates = certificates.map(\.data)
        let resolver = script.resolver([root.certificate])
        #expect(rule(resolver, one.name) == .loop)
        #expect(rule(resolver, last.name) == .tooLong)
        #expect(rule(resolver, certificates[6].name) == nil, "five certificates are not too long")
    }

    @Test("A key counts until a certificate on its way ends; a failure for a second")
    func time() throws {
        let root = try TestKey("/a")
        let end = Int64(TestKey.now / 1000) + 60
        let site = try TestKey("/a/b", issuer: root, validity: ValidityPeriod(notBefore: 1, notAfter: end))
        let resolver = script.resolver([root.certificate])
        #expect(rule(resolver, site.name) == .unreachable)
        script.certificates = [site.certificate.data]
        #expect(rule(resolver, site.name) == .unreachable, "remembered")
        script.now += 1000
        #expect(rule(resolver, site.name) == nil)
        script.now = UInt64(end) * 1000 + 999
        #expect(rule(resolver, site.name) == nil)
        script.now += 1
        #expect(rule(resolver, site.name) == .notValidNow)
    }

    @Test("Data needs the name of a key whose identity is its prefix")
    func locator() throws {
        let root = try TestKey("/a")
        let policy = TrustPolicy(anchors: [root.certificate])
        func rule(_ name: String, _ signer: Signer) throws -> TrustFailure.Rule? {
            let data = try DataPacket(decoding: DataBuilder(name: Name(uri: name)).encode(signer: signer))
            do {
                _ = try policy.locator(of: data.signature, signing: data.name)
                return nil
            } catch {
                return error.rule
            }
        }
        #expect(try rule("/a/x", root.signer) == nil)
        #expect(try rule("/ab/x", root.signer) == .foreignKey)
        #expect(try rule("/a/x", .digest) == .noKeyLocator)
        #expect(try rule("/a/x", .null) == .noKeyLocator)
        #expect(try rule("/a/x", .key(root.key, locator: Name(uri: "/a"))) == .noKeyLocator)
        #expect(try rule("/a/KEY/k/i/v=1", .key(root.key, locator: Name(uri: "/a/KEY/KEY/j"))) != nil)
    }
}
