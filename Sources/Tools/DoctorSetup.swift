import ArgumentParser
import Logging
import NDN
import RegistryNDN

/// What the client would start with: everything that its options name, read as it reads it.
struct DoctorSetup: Sendable {
    let registries: [MirroredRegistry]
    let listeners: [ListenArgument]
    let isSecure: Bool
    /// For each registry.
    let connecting: [UpstreamConfiguration]
    let fetching: FetchConfiguration
    let router: RouterOptions.Choice
    let engines: DoctorEngines

    /// Reads all of it, or says what the client would not start with.
    static func read(_ client: ClientCommand) async -> (DoctorSetup?, DoctorReport.Outcome) {
        let notes = LoggedNotes()
        do {
            let setup = try await DoctorSetup(client, notes.logger)
            let odd = try Environment().complaints + notes.all.map(\.text)
            guard odd.isEmpty else { return (setup, .warn(odd.joined(separator: "; "), remedy: nil)) }
            let count = setup.registries.count
            return (
                setup,
                .ok(
                    "the options and the files they name can be read; \(count == 1 ? "one registry" : "\(count) registries")"
                )
            )
        } catch {
            // What is logged before the end says why.
            let said = notes.all.last { $0.level >= .error }?.text
            return (
                nil,
                .fail(
                    error is ExitCode ? said ?? "the options cannot be used" : "\(error)",
                    remedy: "correct that: the client does not start with it")
            )
        }
    }

    private init(_ client: ClientCommand, _ logger: Logger) async throws {
        let all = try client.registry.registries()
        _ = try client.checkSharing(all)
        let common = try client.connecting.configuration(logger: logger)
        isSecure = try client.endpoint.certificate(logger: logger) != nil
        fetching = try client.fetching.configuration()
        router = try client.asking.choice()
        var connecting: [UpstreamConfiguration] = []
        for registry in all.registries {
            var own = common
            own.credentials = try await client.access.keeper(
                for: .init(
                    url: registry.url, file: registry.credentials, isRequired: all.registries.count == 1,
                    isInsecure: client.connecting.insecure), logger: logger)
            connecting.append(own)
        }
        self.connecting = connecting
        registries = all.registries
        listeners = all.listeners
        engines = DoctorEngines(
            all.registries, listeners: client.registry.listen, all: all.listeners, hosts: client.endpoint.host,
            isSecure: isSecure)
    }
}
