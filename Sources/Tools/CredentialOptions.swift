import ArgumentParser
import Logging
import RegistryNDN

/// Whose credentials the registry is told.
struct CredentialOptions: ParsableArguments {
    @Option(
        help: """
            File with credentials of our own for the registry, in the form of docker's config.json, readable by nobody else; \
            "docker" is the one that docker login writes. The server also takes env DOCKER_NDN_CREDENTIALS.
            """)
    var credentials: String?

    /// The credential for a registry; nil without a file. What is wrong is told, and ends the program.
    ///
    /// - Parameters:
    ///   - file: this registry's own, instead of `--credentials`.
    ///   - isRequired: whether the file must have one: with several registries, some may let everybody in.
    ///   - isInsecure: credentials may go where nothing is encrypted.
    func credential(
        for url: UpstreamURL, file: String? = nil, otherwise: String? = nil, isRequired: Bool = true, isInsecure: Bool,
        logger: Logger
    ) async throws -> Credential? {
        guard let path = file ?? credentials ?? otherwise else { return nil }
        let credential: Credential
        do {
            switch try CredentialFile(path: path == "docker" ? Self.dockersFile : path).source(for: url) {
            case .here(let found): credential = found
            case .kept(let helper, let server):
                credential = try await CredentialStore(name: helper).credential(for: server)
            }
        } catch let error as SecurityError where error.code == .notFound && !isRequired {
            logger.notice("--credentials: \(error)")
            return nil
        } catch {
            logger.error("--credentials: \(error)")
            throw ExitCode.failure
        }
        try checkWay(to: url, isInsecure: isInsecure, logger)
        return credential
    }

    private func checkWay(to url: UpstreamURL, isInsecure: Bool, _ logger: Logger) throws {
        guard !url.isSecure, !ListenArgument(host: url.host, port: url.port).isLoopback else { return }
        guard isInsecure else {
            logger.error(
                "--credentials: on the way to \(url) nothing is encrypted, and whoever is on it could read and use them: give an https address, or --insecure if that is meant"
            )
            throw ExitCode.failure
        }
        logger.warning(
            "credentials go to \(url), where nothing is encrypted: whoever is on the way can read and use them")
    }

    /// Where `docker login` writes.
    private static var dockersFile: String {
        get throws {
            let environment = try Environment()
            if let folder = environment["DOCKER_CONFIG"] { return "\(folder)/config.json" }
            guard let home = environment["HOME"] else {
                throw ValidationError("neither DOCKER_CONFIG nor HOME says where docker's config.json is")
            }
            return "\(home)/.docker/config.json"
        }
    }
}
