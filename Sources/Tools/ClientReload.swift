import ArgumentParser
import Logging
import RegistryNDN

/// What a running client takes from its options when they are read again: the registries, their credentials, certificates, and
/// the level of its log.
struct ClientReload: Sendable {
    /// Options that say which registries there are, and who may use them.
    private static let registryOptions: Set = [
        "upstream", "name", "mirror", "mirrors", "push-default", "credentials", "share-credentials", "host",
    ]

    /// As it was started.
    let started: ClientCommand
    let listeners: [ListenArgument]
    let registries: ClientRegistries
    let service: ClientService
    let certificate: EndpointCertificate?
    let tls: UpstreamTLS?
    let level: LogLevel
    let logger: Logger

    /// For SIGHUP.
    var options: Reload? {
        OptionReload.reload(
            logger: logger, otherwise: started.registry.mirrors.map { ("the list of registries", $0) }, take: take)
    }

    private func take(_ new: ClientCommand) async throws -> Set<String> {
        var taken: Set = ["log"]
        let wanted = try new.log.level(Environment())
        let plan = try await plan(new)
        let renewed = try new.connecting.renewed(from: started.connecting)
        // What can be refused comes before what cannot.
        if let certificate, let file = new.endpoint.tlsCert, let key = new.endpoint.tlsKey {
            try certificate.reload(certificate: file, key: key)
            if key != started.endpoint.tlsKey { SecretNotice.log(certificate.notice, of: key, logger) }
            taken.formUnion(["tls-cert", "tls-key"])
        }
        if let tls, let renewed {
            tls.use(renewed)
            taken.formUnion(UpstreamOptions.renewable)
        }
        if let plan {
            await registries.follow(plan)
            service.replace(with: plan.served)
            taken.formUnion(Self.registryOptions)
        }
        level.set(wanted)
        return taken
    }

    /// The registries that are wanted now; nil where they would have to be served at other addresses.
    private func plan(_ new: ClientCommand) async throws -> ClientRegistries.Plan? {
        let wanted = try new.registry.registries()
        guard wanted.listeners == listeners else {
            logger.warning(
                "the registries stay as they are until a restart, since they are to be served at other addresses",
                metadata: ["listen": "\(wanted.listeners)"])
            return nil
        }
        // Of a certificate for the registry the one that is shown counts.
        var checked = new
        checked.connecting = started.connecting
        let hasCredentials = try checked.checkSharing(wanted)
        return try await registries.plan(
            wanted, new.access,
            lending: new.endpoint.lending(
                wanted, hasCredentials: hasCredentials, hasCertificate: started.connecting.cert != nil))
    }
}
