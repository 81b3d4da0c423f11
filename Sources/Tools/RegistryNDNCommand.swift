import ArgumentParser

@main
struct RegistryNDNCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry-ndn",
        abstract: "Docker registry blobs over Named Data Networking.",
        subcommands: [
            ClientCommand.self, ForwarderCommand.self, FetchCommand.self, ServerCommand.self, KeygenCommand.self,
            CertCommand.self, RegisterCommand.self, UnregisterCommand.self, RoutesCommand.self, FacesCommand.self,
            StrategyCommand.self, PingCommand.self,
        ])
}
