import ArgumentParser
import Logging
import NDN
import RegistryNDN

/// Whose credentials the registry is told.
struct CredentialOptions: ParsableArguments {
    @Option(
        help: """
            File with credentials of our own for the registry, in the form of docker's config.json, readable by nobody else; \
            "docker" is the one that docker login writes (env DOCKER_NDN_CREDENTIALS).
            """)
    var credentials: String?

    /// The credential for a registry, and where to read it again; nil without a file. What is wrong is told, and ends the
    /// program.
    ///
    /// - Parameters:
    ///   - file: this registry's own, instead of `--credentials`.
    ///   - isRequired: whether the file must have one: with several registries, some may let everybody in.
    ///   - isInsecure: credentials may go where nothing is encrypted.
    func keeper(
        for url: UpstreamURL, file: String? = nil, otherwise: String? = nil, isRequired: Bool = true, isInsecure: Bool,
        logger: Logger
    ) async throws -> CredentialKeeper? {
        guard let option = file ?? credentials ?? otherwise else { return nil }
        let path = option == "docker" ? try Self.dockersFile : option
        do {
            let file = try CredentialFile(path: path)
            SecretNotice.log(file.notice, of: path, logger)
            guard let credential = try await Self.credential(in: file, for: url, isRequired: isRequired) else {
                logger.notice("--credentials: \(path) has none for \(url)")
                return nil
            }
            try checkWay(to: url, isInsecure: isInsecure, logger)
            return CredentialKeeper(credential, file: path, logger: logger) {
                try await Self.credential(in: CredentialFile(path: path), for: url, isRequired: isRequired)
            }
        } catch let error where !(error is ExitCode) {
            logger.error("--credentials: \(error)")
            throw ExitCode.failure
        }
    }

    private static func credential(
        in file: CredentialFile, for url: UpstreamURL, isRequired: Bool
    ) async throws -> Credential? {
        do {
            switch try file.source(for: url) {
            case .here(let found): return found
            case .kept(let helper, let server): return try await CredentialStore(name: helper).credential(for: server)
            }
        } catch let error as SecurityError where error.code == .notFound && !isRequired {
            return nil
        }
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

extension Reload {
    /// Credentials of our own: requests that come afterwards use the new ones.
    init(_ keeper: CredentialKeeper) {
        self.init("the file of --credentials", file: keeper.file) { try await keeper.reload() }
    }
}
