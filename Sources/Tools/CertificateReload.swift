import Logging
import RegistryNDN
import ServiceLifecycle
import UnixSignals

/// Reads the endpoint's certificate again on every SIGHUP.
struct CertificateReload: Service {
    let certificate: EndpointCertificate
    let signals: UnixSignalsSequence
    let logger: Logger

    /// None without a certificate, where SIGHUP ends the program as it does others.
    static func services(_ certificate: EndpointCertificate?, logger: Logger) async -> [any Service] {
        guard let certificate else { return [] }
        let signals = await UnixSignalsSequence(trapping: .sighup)
        return [CertificateReload(certificate: certificate, signals: signals, logger: logger)]
    }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            do {
                try certificate.reload()
                logger.notice("the certificate was read again", metadata: ["file": "\(certificate.certificateFile)"])
            } catch {
                logger.error(
                    "the certificate was not read again, the old one stays in use", metadata: ["error": "\(error)"])
            }
        }
    }
}
