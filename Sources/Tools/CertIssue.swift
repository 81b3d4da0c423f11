import ArgumentParser
import NDN
import NIOCore

struct CertRequest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Write a request, to be issued by whoever is above this key.")

    @Argument(help: "Name of the key, or of an identity with one key; without it the default key.")
    var key: String?

    @OptionGroup var options: KeychainOptions
    @OptionGroup var output: OutputOption

    func run() async throws {
        let key = try CertificateSource.key(key, in: options.folder(), options)
        try output.write(Keychain.request(key, now: WallClock.milliseconds()).file)
    }
}

struct CertIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Issue a certificate for another's request, or another's certificate.")

    @Argument(help: "File of the request, - for stdin.")
    var request: String

    @Option(help: "Key that signs: its name or its identity's; without it the default key.")
    var key: String?

    @Option(help: "IssuerId: a component of the certificate's name that tells who issued it.")
    var issuerID = "issuer"

    /// What a certificate's validity may be.
    static let days = 1...3_000_000

    @Option(
        help: .number("Days that the certificate is valid, from now or --from on.", CertIssue.days, usually: 365),
        transform: WholeNumber.within(CertIssue.days))
    var days = 365

    @Option(help: "First moment of validity, YYYYMMDDThhmmss in UTC (default now).")
    var from: String?

    @Option(help: "Last moment of validity, instead of --days.")
    var until: String?

    @OptionGroup var options: KeychainOptions
    @OptionGroup var output: OutputOption

    func validate() throws {
        _ = try validity(now: 0)
        guard (try? NameComponent(uri: issuerID)) != nil, issuerID != "self", issuerID != "cert-request" else {
            throw ValidationError("--issuer-id \(issuerID) must be one name component other than self and cert-request")
        }
    }

    func run() async throws {
        let request = try CertificateSource.certificate(file: request)
        let key = try CertificateSource.key(key, in: options.folder(), options)
        let now = WallClock.milliseconds()
        let terms = Certificate.Terms(
            issuerID: try NameComponent(uri: issuerID), version: now, validity: try validity(now: now))
        let certificate = try Keychain.issue(request, by: key, terms: terms)
        Terminal.write("issued \(certificate.name.uri)\nsigned by \(key.locator.uri)\n")
        try output.write(certificate.file)
    }

    private func validity(now: UInt64) throws -> ValidityPeriod {
        // A clock of the verifier may be a little behind.
        let start = try moment(from, "--from") ?? Int64(now / 1000) - 1
        let end = try moment(until, "--until") ?? start + Int64(days) * 86_400
        guard start <= end || now == 0 else { throw ValidationError("the certificate would end before it begins") }
        return ValidityPeriod(notBefore: start, notAfter: end)
    }

    private func moment(_ text: String?, _ option: String) throws -> Int64? {
        guard let text else { return nil }
        guard let moment = CalendarTime.parse(text.utf8) else {
            throw ValidationError("\(option) \(text) is not a time such as 20271231T235959")
        }
        return moment
    }
}

struct CertInstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Add a certificate to the keychain; one of our own keys is then preferred.",
        discussion: "A certificate of another's key is kept to be served as part of the chain.")

    @Argument(help: "File of the certificate, - for stdin.")
    var certificate: String

    @OptionGroup var options: KeychainOptions

    func run() async throws {
        let certificate = try CertificateSource.certificate(file: certificate)
        guard certificate.issuerID != Certificate.requestIssuer else {
            throw SecurityError(
                .mismatch, "\(certificate.name.uri) is a request: it must be issued by another key first")
        }
        let folder = try options.folder()
        let key = try folder.load().key(named: certificate.keyName)
        if let key {
            // Only whoever can open the key can tell whether the certificate is for it.
            let secret = try key.unlock(options.passphrase(for: key))
            guard secret.matches(certificate.publicKey) else {
                throw SecurityError(
                    .mismatch, "\(certificate.name.uri) is not for the key of this name in the keychain")
            }
        }
        try folder.add(certificate)
        if key != nil { try folder.setDefault(certificate.name) }
        print("\(key == nil ? "certificate of another's key" : "certificate")\t\(certificate.name.uri)")
    }
}
