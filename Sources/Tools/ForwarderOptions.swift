import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

#if canImport(Glibc)
    import Glibc
#endif

/// Which forwarder is managed, and with which key.
struct ForwarderOptions: ParsableArguments {
    @Option(
        help: """
            The forwarder: unix:///path or /path, tcp://host:port, host:port (UDP). Over UDP and from other machines it \
            takes only route commands, and only where its localhop_security allows them. (default: NDNTS_UPLINK, else this \
            machine's forwarder as NDN_CLIENT_TRANSPORT, client.conf or its socket says)
            """)
    var router: String?

    @OptionGroup var keys: KeychainOptions

    @Option(
        help: """
            Key, certificate or identity that signs commands. (default: the keychain's key for the prefix, else its default \
            key, else none: a digest, which most forwarders accept on the same machine)
            """, transform: NameArgument.parse)
    var key: Name?

    @Option(
        help: .duration("Time for one attempt of a command. (default: 10s, over UDP 4s)"),
        transform: DurationArgument.parse)
    var timeout: DurationArgument?

    @OptionGroup var log: LogOptions

    func validate() throws {
        // Whether a forwarder runs here is asked when it is needed, after what is wrong with other arguments.
        _ = try named(Environment())
        guard timeout.map({ $0.amount >= .milliseconds(1) }) ?? true else {
            throw ValidationError("--timeout must be at least 1ms")
        }
    }

    /// The forwarder that was named; nil: it is to be looked for.
    private func named(_ environment: Environment) throws -> FaceURI? {
        guard let given = router ?? environment["NDNTS_UPLINK"] else { return nil }
        do {
            return try FaceURI(peer: given)
        } catch {
            throw ValidationError("\(router == nil ? "NDNTS_UPLINK" : "--router"): \(error.message)")
        }
    }

    private func uri() throws -> FaceURI {
        let environment = try Environment()
        if let named = try named(environment) { return named }
        do {
            if let found = try LocalForwarder.find(environment) { return found.uri }
        } catch {
            throw ValidationError(error.message)
        }
        let sockets = (LocalForwarder.own + LocalForwarder.nfd).joined(separator: ", ")
        throw RouteTarget.Failure(
            description:
                "no forwarder runs on this machine (looked at \(sockets)): start one, or name one with --router")
    }

    /// The key for commands about `prefix`; nil: a digest signs.
    private func signingKey(_ prefix: Name, _ logger: Logger) throws -> SigningKey? {
        guard let keychain = try keys.keychainIfAny(logger: logger) else { return nil }
        let now = WallClock.milliseconds()
        guard let wanted = key else {
            return try (keychain.key(for: prefix, now: now) ?? keychain.defaultKey).map {
                try keys.unlock($0, in: keychain)
            }
        }
        guard let found = keychain.key(meantBy: wanted, now: now) else {
            throw ValidationError("--key \(wanted): the keychain has no such key; see `registry-ndn keygen list`")
        }
        return try keys.unlock(found, in: keychain)
    }

    /// Connects, lets `body` work, and closes the connection; what fails is written to stderr in a sentence.
    ///
    /// - Parameter prefix: What commands are about, to find the key that signs them; nil when none is given.
    func withSession(about prefix: Name? = nil, _ body: (ManagementSession) async throws -> Void) async throws {
        let logger = try log.makeLogger(label: "registry-ndn", usually: .error)
        let signing = try prefix.flatMap { try signingKey($0, logger) }
        let session = try await ManagementSession.connect(
            to: try uri(), signer: signing?.signer ?? .digest, certificates: signing?.chain.map(\.data) ?? [],
            timeout: timeout?.amount, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        do {
            try await body(session)
        } catch {
            await session.close()
            throw error
        }
        await session.close()
    }
}
