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

    /// Why no credential can be used.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Which registry a credential is for.
    struct Purpose: Sendable {
        let url: UpstreamURL
        /// The file of this registry alone, instead of `--credentials`.
        var file: String?
        /// Whether the file must have one: with several registries, some may let everybody in.
        var isRequired = true
        /// Credentials may go where nothing is encrypted.
        let isInsecure: Bool
    }

    /// The credential for a registry, and where to read it again; nil without a file. What is wrong is told, and ends the
    /// program.
    ///
    /// - Parameter otherwise: the file where no option names one.
    func keeper(
        for purpose: Purpose, otherwise: String? = nil, logger: Logger
    ) async throws -> CredentialKeeper? {
        do {
            return try await newKeeper(for: purpose, otherwise: otherwise, logger: logger)
        } catch let error as Failure {
            logger.error("\(error)")
            throw ExitCode.failure
        }
    }

    /// The same; what is wrong is thrown as `Failure`, and not told.
    func newKeeper(
        for purpose: Purpose, otherwise: String? = nil, logger: Logger
    ) async throws -> CredentialKeeper? {
        guard let path = try path(for: purpose, otherwise: otherwise) else { return nil }
        guard let credential = try await first(in: path, for: purpose, logger) else { return nil }
        return CredentialKeeper(credential, file: path, logger: logger) { try await Self.read(path, for: purpose) }
    }

    /// Has a keeper take the credential of the file that is named now.
    ///
    /// - Throws: `Failure`, when nothing is changed.
    func renew(_ keeper: CredentialKeeper, for purpose: Purpose, otherwise: String?, logger: Logger) async throws {
        guard let path = try path(for: purpose, otherwise: otherwise), await path != keeper.file else { return }
        let credential = try await first(in: path, for: purpose, logger)
        await keeper.use(credential, file: path) { try await Self.read(path, for: purpose) }
    }

    private func path(for purpose: Purpose, otherwise: String?) throws -> String? {
        guard let option = purpose.file ?? credentials ?? otherwise else { return nil }
        return option == "docker" ? try Self.dockersFile : option
    }

    private func first(in path: String, for purpose: Purpose, _ logger: Logger) async throws -> Credential? {
        do {
            let file = try CredentialFile(path: path)
            SecretNotice.log(file.notice, of: path, logger)
            guard let credential = try await Self.credential(in: file, for: purpose) else {
                logger.notice("--credentials: \(path) has none for \(purpose.url)")
                return nil
            }
            try checkWay(purpose, logger)
            return credential
        } catch {
            throw Failure(description: "--credentials: \(error)")
        }
    }

    private static func read(_ path: String, for purpose: Purpose) async throws -> Credential? {
        try await credential(in: CredentialFile(path: path), for: purpose)
    }

    private static func credential(in file: CredentialFile, for purpose: Purpose) async throws -> Credential? {
        do {
            switch try file.source(for: purpose.url) {
            case .here(let found): return found
            case .kept(let helper, let server): return try await CredentialStore(name: helper).credential(for: server)
            }
        } catch let error as SecurityError where error.code == .notFound && !purpose.isRequired {
            return nil
        }
    }

    private func checkWay(_ purpose: Purpose, _ logger: Logger) throws {
        let url = purpose.url
        guard !url.isSecure, !ListenArgument(host: url.host, port: url.port).isLoopback else { return }
        guard purpose.isInsecure else {
            throw Failure(
                description:
                    "on the way to \(url) nothing is encrypted, and whoever is on it could read and use them: give an https address, or --insecure if that is meant"
            )
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
    static func of(_ keeper: CredentialKeeper) async -> Reload {
        Reload("the file of --credentials", file: await keeper.file) { try await keeper.reload() }
    }
}
