import Foundation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Files that ndn-cxx's ndnsec wrote (Resources/ndnsec/README.md).
@Suite("Security: files of ndnsec") struct NdnsecFileTests {
    private static func octets(_ name: String) throws -> ByteBuffer {
        let url = try #require(Bundle.module.url(forResource: "Resources/ndnsec/" + name, withExtension: nil))
        return ByteBuffer(bytes: try Data(contentsOf: url))
    }

    private static func certificate(_ name: String) throws -> Certificate {
        try Certificate(file: String(buffer: octets(name)))
    }

    @Test("key-gen: a certificate signed by its own key", arguments: ["root.ndncert", "rsa.ndncert"])
    func selfSigned(file: String) throws {
        let certificate = try Self.certificate(file)
        #expect(certificate.isSelfSigned && certificate.issuerID == Certificate.selfIssuer)
        #expect(certificate.isSigned(by: certificate.publicKey))
        let type = file == "rsa.ndncert" ? SignatureType.sha256WithRSA : SignatureType.sha256WithECDSA
        #expect(certificate.publicKey.signatureType == type && certificate.data.signature.type == type)
    }

    @Test("cert-gen: a certificate that another key issued leads to its issuer")
    func issued() throws {
        let (root, site) = (try Self.certificate("root.ndncert"), try Self.certificate("site.ndncert"))
        #expect(site.identity.uri == "/example/ndnsec/site" && site.issuerID == .generic("ISSUER"))
        #expect(site.issuer == root.name && !site.isSelfSigned)
        #expect(site.isSigned(by: root.publicKey) && !site.isSigned(by: site.publicKey))
        #expect(CalendarTime.format(site.validity.notBefore) == "20260101T000000")
        #expect(CalendarTime.format(site.validity.notAfter) == "20460101T000000")

        var resolved: KeyResolver.Outcome?
        let now = UInt64(site.validity.notAfter) * 1000 - 1
        // The issuer is an anchor for as long as its own certificate says, which ends later.
        let resolver = KeyResolver(TrustPolicy(anchors: [root]), now: { now }) { interest, done in
            done(interest.name == site.name ? site.data : nil)
        }
        resolver.key(site.name) { resolved = $0 }
        #expect(try resolved?.get().spki == site.publicKey.spki)
    }

    @Test("sign-req: a request that our keychain issues a certificate for")
    func request() throws {
        let request = try Self.certificate("site.request")
        #expect(request.issuerID == Certificate.requestIssuer && request.isSigned(by: request.publicKey))
        let key = try TestKey("/example/ndnsec")
        let terms = Certificate.Terms(
            issuerID: .generic("us"), version: TestKey.now, validity: key.certificate.validity)
        let issuer = SigningKey(name: key.name, key: key.key, chain: [key.certificate])
        let issued = try Keychain.issue(request, by: issuer, terms: terms)
        #expect(issued.keyName == request.keyName && issued.publicKey.spki == request.publicKey.spki)
        #expect(issued.isSigned(by: key.certificate.publicKey))
    }

    @Test(
        "export: a SafeBag opens with its passphrase alone",
        arguments: [("site.safebag", "site.ndncert"), ("rsa.safebag", "rsa.ndncert")])
    func safeBag(file: String, holds: String) throws {
        let bag = try SafeBag(any: Self.octets(file))
        #expect(bag.certificate == (try Self.certificate(holds)))
        let key = try bag.key(passphrase: Passphrase("secret"))
        #expect(key.matches(bag.certificate.publicKey))
        let error = #expect(throws: SecurityError.self) { try bag.key(passphrase: Passphrase("Secret")) }
        #expect(error?.code == .wrongPassphrase)
        let message = ByteBuffer(string: "message")
        let signature = try Signer.key(key, locator: bag.certificate.name).sign(message)
        let verifier = Verifier.key(bag.certificate.publicKey)
        #expect(verifier.verify(message, type: key.signatureType, signature: signature))
    }
}
