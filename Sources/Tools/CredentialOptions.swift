import ArgumentParser
import Logging
import RegistryNDN

/// Whose credentials the registry is told.
struct CredentialOptions: ParsableArguments {
    @Option(
        help: """
            File with credentials of our own for the registry, in the form of docker's config.json with auths; readable by \
            nobody else. The server also takes env DOCKER_NDN_CREDENTIALS.
            """)
    var credentials: String?

    /// The credential for a registry; nil without a file. What is wrong is told, and ends the program.
    ///
    /// - Parameter isRequired: whether the file must have one: with several registries, some may let everybody in.
    func credential(
        for url: UpstreamURL, otherwise: String? = nil, isRequired: Bool = true, logger: Logger
    ) throws -> Credential? {
        guard let path = credentials ?? otherwise else { return nil }
        let credential: Credential
        do {
            credential = try CredentialFile(path: path).credential(for: url)
        } catch let error where error.code == .notFound && !isRequired {
            logger.notice("--credentials: \(error)")
            return nil
        } catch {
            logger.error("--credentials: \(error)")
            throw ExitCode.failure
        }
        if !url.isSecure, !ListenArgument(host: url.host, port: url.port).isLoopback {
            logger.warning(
                "credentials go to \(url), where nothing is encrypted: whoever is on the way can read and use them")
        }
        return credential
    }
}
