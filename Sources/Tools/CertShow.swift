import ArgumentParser
import NDN
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

struct CertShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a certificate: of a file, also of a SafeBag, or of the keychain by its name.")

    @Argument(help: "File, - for stdin, or the name of a certificate in the keychain.")
    var certificate: String

    @OptionGroup var options: KeychainOptions

    func run() async throws {
        let isFile = unsafe certificate == "-" || access(certificate, F_OK) == 0
        if !isFile, certificate.hasPrefix("/"), let name = try? Name(uri: certificate), name.keyName != nil {
            let folder = try options.folder()
            let found = try folder.load().certificates.filter { $0.name == name || $0.keyName == name }
            guard !found.isEmpty else {
                throw SecurityError(
                    .notFound, "\(folder.path) has no certificate \(name.uri), and there is no such file")
            }
            found.forEach(show)
        } else {
            show(try CertificateSource.certificate(file: certificate))
        }
    }

    private func show(_ certificate: Certificate) {
        print(certificate.report(now: WallClock.milliseconds()), terminator: "")
    }
}

extension Certificate {
    /// The certificate for people, a line a field.
    func report(now: UInt64) -> String {
        var lines = [
            ("name", name.uri), ("identity", identity.uri), ("key", keyName.uri), ("issuer id", issuerID.uri),
            ("version", version.uri), ("public key", Self.algorithm(publicKey.signatureType)),
            ("valid from", CalendarTime.format(validity.notBefore)),
            ("valid until", CalendarTime.format(validity.notAfter)), ("now", validity.text(now: now)),
            ("signature", Self.algorithm(data.signature.type)),
        ]
        switch data.signature.keyLocator {
        case .name(let name)?: lines.append(("signed by", name.uri))
        case .digest(let digest)?: lines.append(("signed by", "key with digest " + Self.hex(digest.readableBytesView)))
        case nil: lines.append(("signed by", "(does not say)"))
        }
        if isSelfSigned {
            lines.append(("checked", isSigned(by: publicKey) ? "genuine, by its own key" : "FORGED or damaged"))
        }
        lines += additionalDescription.map { ("about", "\($0.key): \($0.value)") }
        lines.append(("digest", data.implicitDigest.hex))
        return lines.map { $0 + String(repeating: " ", count: 12 - $0.utf8.count) + $1 + "\n" }.joined()
    }

    private static func algorithm(_ type: UInt64) -> String {
        switch type {
        case SignatureType.sha256WithECDSA: "ECDSA with SHA-256"
        case SignatureType.sha256WithRSA: "RSA with SHA-256"
        case SignatureType.ed25519: "Ed25519"
        case SignatureType.digestSha256: "SHA-256 digest, no key"
        case SignatureType.hmacWithSha256: "HMAC with SHA-256"
        default: "type \(type)"
        }
    }

    private static func hex(_ octets: some Collection<UInt8>) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
