import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Security: certificates")
struct CertificateTests {
    private let now: UInt64 = 1_800_000_000_000

    @Test("Certificates of other implementations read as they should", arguments: Vector.of("certificate"))
    func vectors(_ vector: Vector) throws {
        let certificate = try Certificate(decoding: vector.wire)
        let expect = vector.expect
        #expect(certificate.name.uri == expect["name"].string)
        #expect(certificate.identity.uri == expect["identity"].string)
        #expect(certificate.keyName.uri == expect["key_name"].string)
        #expect(certificate.issuerID.uri == expect["issuer_id"].string)
        #expect(certificate.version.uri == expect["version"].string)
        #expect(certificate.publicKey.spki.hex == expect["public_key_spki"].string)
        let validity = expect["signature"]["validity"]
        #expect(CalendarTime.format(certificate.validity.notBefore) == validity["not_before"].string)
        #expect(CalendarTime.format(certificate.validity.notAfter) == validity["not_after"].string)
        #expect(certificate.issuer?.uri == expect["signature"]["key_locator"].string)

        let spki = ByteBuffer(hex: try #require(expect["signature"]["verify"]["spki"].string))
        #expect(certificate.isSigned(by: try PublicKey(spki: spki)))
        #expect(certificate.isSelfSigned == (spki == certificate.publicKey.spki))
    }

    @Test("The file form comes back the same, in lines of 64 columns", arguments: Vector.of("certificate"))
    func file(_ vector: Vector) throws {
        let certificate = try Certificate(decoding: vector.wire)
        #expect(certificate.file.split(separator: "\n").allSatisfy { $0.utf8.count <= 64 })
        #expect(try Certificate(file: certificate.file) == certificate)
        for cut in [0, 1, 64, 65, certificate.file.utf8.count - 5] {
            let error = #expect(throws: SecurityError.self) {
                try Certificate(file: String(certificate.file.prefix(cut)))
            }
            #expect(error?.code == .malformed)
        }
    }

    @Test("PEM as ndnd writes it is read, with its fields before the octets", arguments: Vector.of("certificate"))
    func pem(_ vector: Vector) throws {
        let certificate = try Certificate(decoding: vector.wire)
        let fields = "Name: \(certificate.name.uri)\nSigType: Ed25519\nValidity: 2026-01-01 - 2027-01-01\n\n"
        for (fields, newline) in [(fields, "\n"), (fields, "\r\n"), ("", "\n")] {
            let text = "# of ndnd sec\n-----BEGIN NDN CERT-----\n\(fields)\(certificate.file)-----END NDN CERT-----\n"
            let written = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: newline)
            #expect(try Certificate(any: ByteBuffer(string: written)) == certificate)
        }
        let key = "-----BEGIN NDN KEY-----\n\(certificate.file)-----END NDN KEY-----\n"
        let error = #expect(throws: SecurityError.self) { try Certificate(any: ByteBuffer(string: key)) }
        #expect(error?.message.contains("NDN KEY") == true)
    }

    @Test("A new certificate is as ndnsec makes it, and reads back")
    func selfSigned() throws {
        let key = try PrivateKey.generateP256()
        let name = try Name(uri: "/example/docker").newKeyName()
        let certificate = try Certificate.selfSigned(key, named: name, terms: .selfSigned(now: now))
        #expect(certificate.keyName == name && certificate.identity.uri == "/example/docker")
        #expect(certificate.issuerID == .generic("self") && certificate.version == .version(now))
        #expect(certificate.issuer == name && certificate.isSelfSigned)
        #expect(certificate.data.freshnessMilliseconds == 3_600_000 && certificate.data.contentType == 2)
        #expect(certificate.isSigned(by: try key.publicKey()))
        #expect(!certificate.isSigned(by: try PrivateKey.generateP256().publicKey()))
        #expect(certificate.validity.notAfter - certificate.validity.notBefore == 20 * 365 * 86_400 + 1)
    }

    @Test("Both ends of the validity period count, the seconds beside them do not")
    func validity() throws {
        let period = ValidityPeriod(notBefore: 100, notAfter: 200)
        #expect([100_000, 150_000, 200_000, 200_999].allSatisfy { period.contains($0) })
        #expect([0, 99_999, 201_000, UInt64.max].allSatisfy { !period.contains($0) })
        #expect(try ValidityPeriod(value: period.encode()) == period)
    }

    @Test(
        "What is no certificate is refused with a reason",
        arguments: ["data-ecdsa", "interest-signed-ecdsa", "data-nullsignature"])
    func refused(_ id: String) {
        #expect(throws: SecurityError.self) { try Certificate(decoding: Vector.named(id).wire) }
    }

    @Test("Without ContentType, FreshnessPeriod, validity or a key that can be read, it is no certificate")
    func incomplete() throws {
        let key = try PrivateKey.generateP256()
        let name = try Name(uri: "/a/KEY/k/self/v=1")
        func make(
            _ change: (inout DataBuilder, inout SignatureInfo) -> Void
        ) throws -> ByteBuffer {
            let signer = Signer.key(key, locator: name.dropLast(2))
            var data = DataBuilder(name: name, content: try key.publicKey().spki)
            data.contentType = ContentType.key
            data.freshnessMilliseconds = 1
            var info = signer.signatureInfo
            info.validityPeriod = ValidityPeriod(notBefore: 0, notAfter: 1).encode()
            change(&data, &info)
            return try data.encode(signer: signer, info: info)
        }
        #expect(throws: Never.self) { try Certificate(decoding: try make { _, _ in }) }
        let changes: [(inout DataBuilder, inout SignatureInfo) -> Void] = [
            { data, _ in data.contentType = 0 }, { data, _ in data.freshnessMilliseconds = 0 },
            { _, info in info.validityPeriod = nil }, { _, info in info.validityPeriod = ByteBuffer(string: "x") },
            { data, _ in data.content = ByteBuffer(string: "no key") }, { data, _ in data.content = nil },
            { data, _ in data.name = data.name.dropLast() }, { data, _ in data.name = Name([.generic("a")]) },
        ]
        for change in changes {
            let error = #expect(throws: SecurityError.self) { try Certificate(decoding: try make(change)) }
            #expect(error?.code == .malformed)
        }
    }
}

@Suite("Security: calendar and base64")
struct SecurityTextTests {
    @Test(
        "Times read and write",
        arguments: [
            ("19700101T000000", 0), ("20000229T235959", 951_868_799), ("19000301T000000", -2_203_891_200),
            ("00000101T000000", CalendarTime.first), ("99991231T235959", CalendarTime.last),
            ("20261124T001327", 1_795_479_207), ("19691231T235959", -1),
        ] as [(String, Int64)])
    func times(_ text: String, _ seconds: Int64) {
        #expect(CalendarTime.parse(text.utf8) == seconds)
        #expect(CalendarTime.format(seconds) == text)
    }

    @Test(
        "Times that are none",
        arguments: [
            "", "19700101T00000", "19700101T0000000", "19700101 000000", "19700132T000000", "19700229T000000",
            "19001301T000000", "19700101T240000", "19700101T006000", "19700101T000060", "1970010aT000000",
            "-9700101T000000", "20230431T000000", "19700100T000000", "19700001T000000",
        ])
    func noTimes(_ text: String) {
        #expect(CalendarTime.parse(text.utf8) == nil)
    }

    @Test("Every day of 400 years comes back")
    func days() {
        for day in Int64(0)..<146_097 {
            let time = day * 86_400
            #expect(CalendarTime.parse(CalendarTime.format(time).utf8) == time)
        }
    }

    @Test("Base64 of every length comes back, damaged it does not")
    func base64() {
        for count in 0..<200 {
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            let text = Base64.encode(octets)
            #expect(Base64.decode(text.utf8) == octets)
            #expect(count == 0 || Base64.decode(text.dropLast(2).utf8) != octets)
        }
        #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy\n")
        for bad in ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z", "Zg==Zg==", "Zm9v!", "====", "Zm9v="] {
            #expect(Base64.decode(bad.utf8) == nil, "\(bad)")
        }
    }
}
