import ArgumentParser
import Logging
import NDN
import NDNForwarder
import NIOCore
import RegistryNDN

/// The server's options, each a flag, else an environment variable, else a line of `./.env`.
struct ServerOptions: ParsableArguments {
    private static let chunkSizeBounds = 1...8192
    private static let concurrencyBounds = 1...64
    private static let fetchChunksBounds = 1...8192
    private static let fetchCachesBounds = 0...65_536

    @Option(
        help: """
            URL of the registry, https://host or http://host:port; or file:///path, a registry's storage folder, or oci:///path, an OCI image \
            layout (env DOCKER_NDN_REGISTRY).
            """)
    var registry: String?

    @Option(help: "NDN name prefix of the blobs (env DOCKER_NDN_NAME).")
    var name: String?

    @Option(
        help: """
            Forwarder to connect to: unix:///path, tcp://host:port, udp://host:port or none (env NDNTS_UPLINK; default none \
            with --listen, else this machine's forwarder as NDN_CLIENT_TRANSPORT, client.conf or its socket says).
            """)
    var uplink: String?

    @Option(
        help:
            "Who may connect to a Unix socket of --listen: permission bits in octal, 666 for every user of this machine. (default: 660)",
        transform: SocketModeArgument.parse
    )
    var unixMode = SocketModeArgument(bits: 0o660)

    @Option(help: "Whether the prefix is registered at the uplink: auto or none (NDN-DPDK has no NFD management).")
    var register = Registration.auto

    @Option(
        help: """
            Answer clients directly at udp://host:port, tcp://host:port or unix:///path; repeatable. Data is 100 times an \
            Interest and UDP sources can be forged: stay on the loopback or behind a firewall.
            """)
    var listen: [String] = []

    @Option(
        help: .number(
            "Octets of payload in a segment; never change it once published (env DOCKER_NDN_CHUNK_SIZE; default 7777).",
            Self.chunkSizeBounds), transform: WholeNumber.within(Self.chunkSizeBounds))
    var chunkSize: Int?

    @Option(
        help: .number(
            "Reads at the registry at a time (env DOCKER_NDN_CONCURRENCY; default 8).", Self.concurrencyBounds),
        transform: WholeNumber.within(Self.concurrencyBounds))
    var concurrency: Int?

    @Option(
        help: .number(
            "Segments read from the registry at once (env DOCKER_NDN_FETCH_CHUNKS; default 512).",
            Self.fetchChunksBounds), transform: WholeNumber.within(Self.fetchChunksBounds))
    var fetchChunks: Int?

    @Option(
        help: .number(
            "Reads kept, as the original counted memory; --cache-size wins (env DOCKER_NDN_FETCH_CACHES).",
            Self.fetchCachesBounds), transform: WholeNumber.within(Self.fetchCachesBounds))
    var fetchCaches: Int?

    @Option(
        help: .size(
            "Memory for ranges and finished packets together (default 64MiB, less where there is little memory)."
        ),
        transform: ByteSizeArgument.parse)
    var cacheSize: ByteSizeArgument?

    @Option(
        help: .number(
            "Interests a second that one source address of another machine may send to --listen.", 1...Int.max,
            usually: 50_000), transform: WholeNumber.within(1...Int.max))
    var sourceInterests = 50_000

    @Option(
        help: .size(
            "What one source address of another machine is sent by --listen in a second.",
            usually: ByteSizeArgument(octets: 256 << 20)),
        transform: ByteSizeArgument.parse)
    var sourceRate = ByteSizeArgument(octets: 256 << 20)

    @OptionGroup var faces: FaceOptions

    @OptionGroup var keys: KeychainOptions

    @Option(
        help: """
            What signs Data: ecdsa or digest (default: ecdsa when the keychain, also by env NDNTS_KEYCHAIN, has a key for \
            the name). Commands to the forwarder are signed with the key whenever there is one.
            """)
    var signing: Signing?

    enum Signing: String, ExpressibleByArgument, CaseIterable {
        case ecdsa, digest
    }

    @OptionGroup var connecting: UpstreamOptions
    @OptionGroup var access: CredentialOptions

    @Option(
        help: """
            Repositories to serve, such as team/app, team/* or team/** (repeatable; env DOCKER_NDN_REPOSITORIES, separated by \
            commas; default all). Needed with --credentials: what matches is public to whoever reaches the name or a cache.
            """)
    var repository: [String] = []

    enum Registration: String, ExpressibleByArgument, CaseIterable {
        case auto, none
    }

    /// The server that the options, the environment and `./.env` describe.
    func configuration(logger: Logger) async throws -> BlobServer.Configuration {
        let environment = try Environment()
        var configuration = try await settings(environment, logger: logger)
        try setKey(&configuration, environment, logger)
        configuration.uplink = try await uplinkURI(environment, logger)
        return configuration
    }

    /// The same without its key, and without the forwarder, which may not be there yet.
    func settings(_ environment: Environment, logger: Logger) async throws -> BlobServer.Configuration {
        var configuration = BlobServer.Configuration(
            prefix: try prefix(environment), origin: try origin(environment))
        configuration.upstream = try connecting.configuration(logger: logger)
        try await setAccess(&configuration, environment, logger)
        configuration.listeners = try listeners()
        configuration.registers = register == .auto
        configuration.faces = faces.configuration
        configuration.faces.socketMode = unixMode.bits
        configuration.chunkSize = try number(
            chunkSize, "DOCKER_NDN_CHUNK_SIZE", environment, 7777, Self.chunkSizeBounds)
        configuration.fetchChunks = try number(
            fetchChunks, "DOCKER_NDN_FETCH_CHUNKS", environment, 512, Self.fetchChunksBounds)
        configuration.concurrency = try number(
            concurrency, "DOCKER_NDN_CONCURRENCY", environment, 8, Self.concurrencyBounds)
        let range = configuration.chunkSize * configuration.fetchChunks
        let caches = try number(
            fetchCaches, "DOCKER_NDN_FETCH_CACHES", environment, 0, Self.fetchCachesBounds)
        configuration.cacheSize = MemoryLimit.cacheSize(
            cacheSize?.octets ?? (caches > 0 ? caches * range : nil), otherwise: configuration.cacheSize, logger: logger
        )
        guard sourceRate.octets > 0 else { throw ValidationError("--source-rate must be more than 0") }
        configuration.sourceInterests = sourceInterests
        configuration.sourceOctets = sourceRate.octets
        if case .none = try knownUplink(environment), configuration.listeners.isEmpty {
            throw ValidationError("nobody could ask this server: give --uplink or --listen")
        }
        return configuration
    }

    /// Refuses what is written wrong; what is missing may come with another file.
    func check(_ environment: Environment) throws {
        if name ?? environment["DOCKER_NDN_NAME"] != nil { _ = try prefix(environment) }
        // A folder is looked at when the server starts.
        if let text = registry ?? environment["DOCKER_NDN_REGISTRY"], !text.hasPrefix("file:") {
            _ = try origin(environment)
        }
        if uplink ?? environment["NDNTS_UPLINK"] != nil { _ = try knownUplink(environment) }
        _ = try listeners()
        _ = try patterns(environment)
        _ = try connecting.proxies()
        guard sourceRate.octets > 0 else { throw ValidationError("--source-rate must be more than 0") }
    }

    private func listeners() throws -> [FaceURI] {
        var uris: [FaceURI] = []
        for text in listen {
            let uri = try Self.uri(text, "--listen")
            guard !uris.contains(where: { $0.isSameListener(as: uri) }) else {
                throw ValidationError("--listen \(text): this address is given twice")
            }
            uris.append(uri)
        }
        return uris
    }

    private func patterns(_ environment: Environment) throws -> [RepositoryPattern] {
        let listed = environment["DOCKER_NDN_REPOSITORIES"] ?? ""
        let named = repository.isEmpty ? listed.split(separator: ",").map(String.init) : repository
        // None at all would make all of them public.
        guard !named.isEmpty || listed.isEmpty else {
            throw ValidationError(
                "DOCKER_NDN_REPOSITORIES names no repository: write one, such as team/*, or leave it out")
        }
        return try named.map { text in
            guard let pattern = RepositoryPattern(text) else {
                throw ValidationError("--repository \(text): write a repository, with * for a part or ** for the rest")
            }
            return pattern
        }
    }

    /// With credentials of its own the server could read what others may not: it says then what it makes public.
    private func setAccess(
        _ configuration: inout BlobServer.Configuration, _ environment: Environment, _ logger: Logger
    ) async throws {
        configuration.repositories = try patterns(environment)
        guard case .registry(let url) = configuration.origin else { return }
        configuration.upstream.credentials = try await access.keeper(
            for: purpose(url), otherwise: environment["DOCKER_NDN_CREDENTIALS"], logger: logger)
        guard configuration.upstream.credentials != nil || connecting.cert != nil else { return }
        guard !configuration.repositories.isEmpty else {
            throw ValidationError(
                "\(connecting.cert == nil ? "--credentials" : "--cert") without --repository: everything that we may read with it would be public over NDN; say which repositories may be, such as --repository 'team/*'"
            )
        }
        logger.notice(
            "blobs of these repositories are public to whoever reaches the name or a cache",
            metadata: ["repositories": "\(configuration.repositories)", "name": "\(configuration.prefix.uri)"])
    }

    private func purpose(_ url: UpstreamURL) -> CredentialOptions.Purpose {
        .init(url: url, isInsecure: connecting.insecure)
    }

    /// Has a keeper take the credentials of the file that these options name.
    func renew(_ keeper: CredentialKeeper, for url: UpstreamURL, logger: Logger) async throws {
        try await access.renew(
            keeper, for: purpose(url), otherwise: try Environment()["DOCKER_NDN_CREDENTIALS"], logger: logger)
    }

    /// What signs, as far as there are keys.
    func setKey(
        _ configuration: inout BlobServer.Configuration, _ environment: Environment, _ logger: Logger
    ) throws {
        let variable = "NDNTS_KEYCHAIN"
        let key = try keys.signingKey(
            for: configuration.prefix, otherwise: environment[variable].map { (variable, $0) }, logger: logger)
        configuration.key = key
        guard signing != .digest, let key else {
            guard signing != .ecdsa else {
                throw SecurityError(
                    .notFound,
                    "--signing ecdsa: the keychain has no key for \(configuration.prefix.uri): make one with "
                        + "`registry-ndn keygen \(configuration.prefix.uri)`")
            }
            return logger.info("Data is signed with DigestSha256, with no key")
        }
        guard key.key.signatureType == SignatureType.sha256WithECDSA else {
            guard signing != .ecdsa else {
                throw SecurityError(.mismatch, "--signing ecdsa: the key \(key.name.uri) is not an ECDSA key")
            }
            return logger.info(
                "Data is signed with DigestSha256: the key is not ECDSA", metadata: ["key": "\(key.name.uri)"])
        }
        configuration.signsData = true
        logger.info("Data is signed with ECDSA", metadata: ["key": "\(key.locator.uri)"])
    }

    private func prefix(_ environment: Environment) throws -> Name {
        guard let text = name ?? environment["DOCKER_NDN_NAME"] else {
            throw ValidationError(
                "--name is missing (or DOCKER_NDN_NAME): the NDN prefix of the blobs, such as /example/docker")
        }
        do {
            let prefix = try Name(uri: text)
            guard !prefix.isEmpty else {
                throw ValidationError("--name \(text): the empty name is no prefix of its own")
            }
            return prefix
        } catch let error as WireError {
            throw ValidationError("--name \(text) is not an NDN name, such as /example/docker: \(error)")
        }
    }

    private func origin(_ environment: Environment) throws -> BlobOrigin {
        guard let text = registry ?? environment["DOCKER_NDN_REGISTRY"] else {
            throw ValidationError(
                "--registry is missing (or DOCKER_NDN_REGISTRY): the registry to read from, such as http://127.0.0.1:5000"
            )
        }
        do {
            if let folder = try BlobFolder(url: text) { return .folder(folder) }
            return .registry(try UpstreamURL(text))
        } catch {
            throw ValidationError("--registry: \(error)")
        }
    }

    /// The forwarder to register with.
    enum Uplink {
        case none
        case named(FaceURI)
        /// This machine's, found without being named.
        case local(LocalForwarder)
        /// None is named, and none runs on this machine.
        case missing
    }

    func knownUplink(_ environment: Environment) throws -> Uplink {
        if let text = uplink ?? environment["NDNTS_UPLINK"] {
            guard text != "none" else { return .none }
            return .named(try Self.uri(text, uplink == nil ? "NDNTS_UPLINK" : "--uplink", FaceURI.init(peer:)))
        }
        guard listen.isEmpty else { return .none }
        return try localForwarder(environment).map { Uplink.local($0) } ?? .missing
    }

    /// nil for none. Where none is named and none runs on this machine, one is waited for: it may have been started in the same
    /// moment.
    private func uplinkURI(_ environment: Environment, _ logger: Logger) async throws -> FaceURI? {
        var attempt = 0
        while true {
            switch try knownUplink(environment) {
            case .none: return nil
            case .named(let uri): return uri
            case .local(let found):
                logger.notice(
                    "using this machine's forwarder; name another one with --uplink",
                    metadata: ["uplink": "\(found.uri)", "because": "\(found.source)"])
                return found.uri
            case .missing: attempt += 1
            }
            if attempt == 10 {
                logger.warning(
                    "no forwarder runs on this machine yet, and one is waited for: start registry-ndn forwarder or NFD, or name another with --uplink",
                    metadata: ["sockets": "\((LocalForwarder.own + LocalForwarder.nfd).joined(separator: " "))"])
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func localForwarder(_ environment: Environment) throws -> LocalForwarder? {
        do {
            return try LocalForwarder.find(environment)
        } catch {
            throw ValidationError(error.message)
        }
    }

    private static func uri(
        _ text: String, _ option: String, _ parse: (String) throws(FaceError) -> FaceURI = FaceURI.init(argument:)
    ) throws -> FaceURI {
        do {
            return try parse(text)
        } catch {
            throw ValidationError("\(option) \(text): \(error)")
        }
    }

    /// A flag's value, which the parser has looked at, else a variable's.
    private func number(
        _ flag: Int?, _ variable: String, _ environment: Environment, _ otherwise: Int, _ bounds: ClosedRange<Int>
    ) throws -> Int {
        if let flag { return flag }
        guard let text = environment[variable] else { return otherwise }
        do {
            return try WholeNumber.within(bounds)(text)
        } catch {
            throw ValidationError("\(variable)=\(error)")
        }
    }
}
