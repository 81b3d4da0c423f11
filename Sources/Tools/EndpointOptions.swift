import ArgumentParser
import Logging
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

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key belong together: give both, or neither")
        }
    }

    /// nil for plain HTTP; wrong files are told, and end the program.
    func certificate(logger: Logger) throws -> EndpointCertificate? {
        guard let tlsCert, let tlsKey else { return nil }
        do {
            return try EndpointCertificate(certificate: tlsCert, key: tlsKey)
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
