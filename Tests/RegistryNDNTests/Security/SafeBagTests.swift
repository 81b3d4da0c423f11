import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Security: SafeBag, PKCS#8 and PEM")
struct SafeBagTests {
    @Test("A SafeBag of ndnsec gives certificate and key")
    func vector() throws {
        let vector = Vector.named("safebag-ndnsec-export")
        let bag = try SafeBag(decoding: vector.wire)
        #expect(bag.certificate.data.wire.hex == vector.expect["certificate"].string)
        let key = try bag.key(passphrase: Passphrase(vector.expect["passphrase"].string!))
        #expect(try key.pkcs8().hex.contains(vector.expect["private_scalar"].string!))
        let error = #expect(throws: SecurityError.self) { try bag.key(passphrase: Passphrase("wrong")) }
        #expect(error?.code == .wrongPassphrase)
        #expect(try SafeBag(any: ByteBuffer(string: bag.file)).certificate == bag.certificate)
        #expect(bag.encode() == vector.wire)
    }

    @Test("The key that ndn-cxx keeps in a file is the same")
    func tpmFile() throws {
        let key = try PrivateKey(der: Vector.named("tpm-file-ndnsec").wire)
        #expect(key.matches(try Certificate(decoding: Vector.named("cert-ndnsec-selfsigned").wire).publicKey))
    }

    @Test("SafeBags that are none", arguments: Vector.of("invalid-safebag"))
    func invalid(_ vector: Vector) {
        let error = #expect(throws: SecurityError.self) { try SafeBag(decoding: vector.wire) }
        #expect(error?.code == .malformed)
    }

    @Test("No truncated SafeBag traps or passes")
    func truncated() throws {
        let wire = Vector.named("safebag-ndnsec-export").wire
        for length in 0..<wire.readableBytes {
            #expect(throws: SecurityError.self) {
                try SafeBag(decoding: wire.getSlice(at: wire.readerIndex, length: length)!)
            }
        }
    }

    @Test("A SafeBag of ours comes back, and only with its own key")
    func roundTrip() throws {
        let key = try PrivateKey.generateP256()
        let certificate = try Certificate.selfSigned(
            key, named: Name(uri: "/a").newKeyName(), terms: .selfSigned(now: 1_800_000_000_000))
        let bag = try SafeBag(certificate, key, passphrase: Passphrase("päss phrase"))
        let read = try SafeBag(any: ByteBuffer(string: bag.file))
        #expect(read.certificate == certificate)
        #expect(try read.key(passphrase: Passphrase("päss phrase")).matches(certificate.publicKey))
        let error = #expect(throws: SecurityError.self) {
            try SafeBag(certificate, PrivateKey.generateP256(), passphrase: Passphrase("x"))
        }
        #expect(error?.code == .mismatch)
    }

    /// The same key, encrypted by `openssl pkcs8` in several ways, passphrase `secret`.
    @Test("PKCS#8 encrypted in other ways is read", arguments: EncryptedKeys.all)
    func otherEncryptions(_ text: String) throws {
        let pem = try PEM(text)
        #expect(pem.label == "ENCRYPTED PRIVATE KEY")
        let plain = try EncryptedPKCS8.decrypt(pem.octets, passphrase: Passphrase("secret"))
        #expect(try PrivateKey(der: plain).pkcs8() == PEM(EncryptedKeys.plain).octets)
        #expect(throws: SecurityError.self) { try EncryptedPKCS8.decrypt(pem.octets, passphrase: Passphrase("Secret")) }
    }

    @Test("PEM that is damaged is refused")
    func damagedPEM() {
        for text in [
            "", "-----BEGIN X-----\n", "-----BEGIN X-----\nAA==\n-----END Y-----",
            "-----BEGIN X-----\n?\n-----END X-----\n",
        ] {
            let error = #expect(throws: SecurityError.self) { try PEM(text) }
            #expect(error?.code == .malformed)
        }
    }
}
