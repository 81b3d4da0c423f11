import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Names, keys and certificates for tests of what trusts whom.
struct TestKey {
    let name: Name
    let key: PrivateKey
    let certificate: Certificate

    static let now: UInt64 = 1_800_000_000_000

    /// A key of `identity`, certified by `issuer` or by itself.
    init(
        _ identity: String, id: String = "k", issuer: TestKey? = nil, version: UInt64 = now,
        validity: ValidityPeriod = ValidityPeriod(notBefore: 1_700_000_000, notAfter: 1_900_000_000)
    ) throws {
        name = try Name(uri: identity + "/KEY/" + id)
        key = try PrivateKey.generateP256()
        let terms = Certificate.Terms(
            issuerID: .generic(issuer == nil ? "self" : "issuer"), version: version, validity: validity)
        let signer = issuer.map { Signer.key($0.key, locator: $0.certificate.name) } ?? .key(key, locator: name)
        certificate = try Certificate.issue(key.publicKey(), named: name, terms: terms, signer: signer)
    }

    func stored(_ passphrase: Passphrase? = nil) throws -> StoredKey {
        try StoredKey(key, name: name, passphrase: passphrase)
    }

    var signer: Signer { .key(key, locator: certificate.name) }
}

@Suite("Security: which key signs")
struct KeychainTests {
    private let now = TestKey.now

    @Test("The longest identity that is a prefix signs; no other does")
    func longest() throws {
        let keys = try [TestKey("/a"), TestKey("/a/b"), TestKey("/a/c"), TestKey("")]
        let keychain = Keychain(keys: try keys.map { try $0.stored() }, certificates: keys.map(\.certificate))
        for (name, identity) in [("/a/b/x", "/a/b"), ("/a/b", "/a/b"), ("/a/bb", "/a"), ("/a", "/a"), ("/z", "/")] {
            #expect(keychain.key(for: try Name(uri: name), now: now)?.name.identity?.uri == identity)
        }
        #expect(Keychain(keys: [try keys[1].stored()]).key(for: try Name(uri: "/a"), now: now) == nil)
        #expect(try Keychain().signingKey(for: Name(uri: "/a"), now: now) == nil)
    }

    @Test("Of several keys the default one, then the one with the latest valid certificate")
    func several() throws {
        let past = ValidityPeriod(notBefore: 1, notAfter: 2)
        let keys = try [
            TestKey("/a", id: "1", version: 5), TestKey("/a", id: "2", version: 7),
            TestKey("/a", id: "3", version: 9, validity: past),
        ]
        var keychain = Keychain(keys: try keys.map { try $0.stored() }, certificates: keys.map(\.certificate))
        let name = try Name(uri: "/a/x")
        #expect(keychain.key(for: name, now: now)?.name == keys[1].name)
        #expect(keychain.defaultKey == nil)
        keychain.defaults = [keys[0].name]
        #expect(keychain.key(for: name, now: now)?.name == keys[0].name)
        #expect(keychain.defaultKey?.name == keys[0].name)
        #expect(keychain.key(meantBy: try Name(uri: "/a"), now: now)?.name == keys[0].name)
        #expect(keychain.key(meantBy: keys[2].certificate.name, now: now)?.name == keys[2].name)
        keychain.defaults = [keys[2].certificate.name, keys[0].name]
        #expect(keychain.key(for: name, now: now)?.name == keys[2].name)
    }

    @Test("KeyLocator: an issued certificate before a self-signed one; the key's name without any")
    func locator() throws {
        let (root, site) = (try TestKey("/a"), try TestKey("/a/b"))
        let issued = try Certificate.issue(
            site.key.publicKey(), named: site.name,
            terms: .init(issuerID: .generic("root"), version: 1, validity: site.certificate.validity),
            signer: root.signer)
        let request = try Certificate.selfSigned(
            site.key, named: site.name,
            terms: .init(
                issuerID: Certificate.requestIssuer, version: .max, validity: site.certificate.validity))
        let stored = [try site.stored()]
        func signing(_ certificates: [Certificate]) throws -> SigningKey {
            try #require(
                try Keychain(keys: stored, certificates: certificates).signingKey(for: Name(uri: "/a/b/c"), now: now))
        }
        #expect(try signing([site.certificate, issued, request]).locator == issued.name)
        #expect(try signing([site.certificate, request]).locator == site.certificate.name)
        #expect(try signing([request]).locator == site.name)
        let chain = try signing([root.certificate, site.certificate, issued]).chain
        #expect(chain == [issued, root.certificate])
        #expect(try signing([issued]).chain == [issued])
        let data = try DataPacket(
            decoding: DataBuilder(name: Name(uri: "/a/b/c")).encode(signer: signing([issued]).signer))
        #expect(data.verify(with: .key(try site.key.publicKey())))
        #expect(data.signature.keyLocator == .name(issued.name))
    }

    @Test("A chain that bites its tail ends")
    func loop() throws {
        let (one, two) = (try TestKey("/a", id: "1"), try TestKey("/a", id: "2"))
        func issue(_ key: TestKey, by issuer: TestKey) throws -> Certificate {
            try Certificate.issue(
                key.key.publicKey(), named: key.name,
                terms: .init(issuerID: .generic("x"), version: 1, validity: key.certificate.validity),
                signer: .key(issuer.key, locator: issuer.name))
        }
        let pair = [try issue(one, by: two), try issue(two, by: one)]
        let keychain = Keychain(certificates: pair)
        #expect(keychain.chain(from: pair[0], now: now) == pair)
    }

    @Test("A certificate of another key under the key's name is noticed")
    func mismatch() throws {
        let (one, two) = (try TestKey("/a"), try TestKey("/a"))
        let keychain = Keychain(keys: [try one.stored()], certificates: [two.certificate])
        let error = #expect(throws: SecurityError.self) { try keychain.signingKey(for: one.name, now: now) }
        #expect(error?.code == .mismatch)
    }

    @Test("An encrypted key asks for its passphrase")
    func encrypted() throws {
        let key = try TestKey("/a")
        let passphrase = try Passphrase("open")
        let stored = try StoredKey(file: try key.stored(passphrase).file)
        #expect(stored.isEncrypted && stored.name == key.name)
        #expect(throws: SecurityError.self) { try stored.unlock(nil) }
        let needed = #expect(throws: SecurityError.self) { try stored.unlock(nil) }
        #expect(needed?.code == .passphraseNeeded)
        let wrong = #expect(throws: SecurityError.self) { try stored.unlock(Passphrase("close")) }
        #expect(wrong?.code == .wrongPassphrase && wrong?.message.contains(key.name.uri) == true)
        #expect(try stored.unlock(passphrase).matches(key.certificate.publicKey))
        #expect(try StoredKey(file: key.stored().file).unlock(nil).matches(key.certificate.publicKey))
    }
}

@Suite("Security: issuing")
struct IssuingTests {
    private let now = TestKey.now
    private let terms = Certificate.Terms(
        issuerID: .generic("root"), version: 9, validity: ValidityPeriod(notBefore: 1, notAfter: 2))

    @Test("A request becomes a certificate of the issuer")
    func issue() throws {
        let (root, site) = (try TestKey("/a"), try TestKey("/a/b"))
        let request = try Keychain.request(SigningKey(name: site.name, key: site.key, chain: []), now: now)
        #expect(request.issuerID == Certificate.requestIssuer && request.isSigned(by: request.publicKey))
        let issuer = SigningKey(name: root.name, key: root.key, chain: [root.certificate])
        let certificate = try Keychain.issue(request, by: issuer, terms: terms)
        #expect(certificate.keyName == site.name && certificate.issuer == root.certificate.name)
        #expect(certificate.isSigned(by: root.certificate.publicKey) && certificate.validity == terms.validity)
        #expect(certificate.publicKey.spki == site.certificate.publicKey.spki)
    }

    @Test("Requests of others' names and requests that nobody signed are not issued")
    func refused() throws {
        let (root, other) = (try TestKey("/a"), try TestKey("/b"))
        let issuer = SigningKey(name: root.name, key: root.key, chain: [root.certificate])
        let forged = try Certificate.issue(
            other.key.publicKey(), named: Name(uri: "/a/x/KEY/1"), terms: terms,
            signer: .key(root.key, locator: Name(uri: "/a/x/KEY/1")))
        for request in [other.certificate, forged, try TestKey("/a/c", issuer: root).certificate] {
            let error = #expect(throws: SecurityError.self) { try Keychain.issue(request, by: issuer, terms: terms) }
            #expect(error?.code == .mismatch)
        }
    }

    @Test("Certificates are served by their name and, as a prefix, by their key's")
    func served() throws {
        let (root, site) = (try TestKey("/a"), try TestKey("/a/b"))
        let served = ServedPackets([site.certificate.data, root.certificate.data])
        func answer(_ name: Name, canBePrefix: Bool) throws -> Name? {
            var interest = InterestBuilder(name: name)
            interest.canBePrefix = canBePrefix
            interest.mustBeFresh = true
            return served.packet(for: try Interest(decoding: interest.encode()))?.name
        }
        #expect(try answer(site.certificate.name, canBePrefix: false) == site.certificate.name)
        #expect(try answer(root.name, canBePrefix: true) == root.certificate.name)
        #expect(try answer(root.name, canBePrefix: false) == nil)
        #expect(try answer(Name(uri: "/a/c"), canBePrefix: true) == nil)
        let key = SigningKey(name: site.name, key: site.key, chain: [site.certificate, root.certificate])
        #expect(key.certificatePrefixes(beside: try Name(uri: "/a/b")) == [root.name])
        #expect(key.certificatePrefixes(beside: try Name(uri: "/a")).isEmpty)
        #expect(key.certificatePrefixes(beside: try Name(uri: "/z")) == [site.name, root.name])
    }
}
