import ArgumentParser
import Logging
import NDN
import RegistryNDN

/// How the client's own endpoint is connected to.
struct EndpointOptions: ParsableArguments {
    @Option(
        help: """
            PEM file of the certificate that the client shows, its intermediates after it: it then serves https. Read again \
            on SIGHUP.
            """)
    var tlsCert: String?

    @Option(help: "PEM file of the key of --tls-cert, without a passphrase.")
    var tlsKey: String?

    @Option(
        help: """
            Name of a host by which programs reach the client, beside localhost, its addresses and the registries' names \
            (repeatable). Requests for other hosts may be a web page's: they get no --credentials.
            """)
    var host: [String] = []

    func validate() throws {
        for name in host where RegistryHost(name) == nil {
            throw ValidationError("--host \(name): write the name of a host, such as mirror.example")
        }
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key belong together: give both, or neither")
        }
    }

    /// Which requests get our own credentials: those for a name by which programs know the client.
    func lending(_ registries: MirroredRegistries, hasCredentials: Bool, hasCertificate: Bool) -> LendingRule {
        let ofRegistries = registries.registries.flatMap { $0.hosts.map(\.text) + [$0.url.authority] }
        return LendingRule(
            hosts: host + ofRegistries + registries.listeners.map { "\($0)" }, hasCredentials: hasCredentials,
            hasCertificate: hasCertificate)
    }

    /// nil for plain HTTP; wrong files are told, and end the program.
    func certificate(logger: Logger) throws -> EndpointCertificate? {
        guard let tlsCert, let tlsKey else { return nil }
        do {
            let certificate = try EndpointCertificate(certificate: tlsCert, key: tlsKey)
            SecretNotice.log(certificate.notice, of: tlsKey, logger)
            return certificate
        } catch {
            logger.error("\(error)")
            throw ExitCode.failure
        }
    }
}

extension Reload {
    /// The endpoint's certificate and key: connections that exist keep the ones they have.
    init(_ certificate: EndpointCertificate) {
        self.init("the certificate", file: certificate.certificateFile) { try certificate.reload() }
    }
}
