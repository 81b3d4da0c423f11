import ArgumentParser
import RegistryNDN

/// Where the client listens, and for which registry: `127.0.0.1:5000`, or `127.0.0.1:5001=quay.io`.
struct ListenerArgument: ExpressibleByArgument, CustomStringConvertible, Sendable {
    let address: ListenArgument
    /// The registry of requests that name none; nil for whichever is selected otherwise.
    let registry: RegistryHost?

    init(address: ListenArgument, registry: RegistryHost? = nil) {
        self.address = address
        self.registry = registry
    }

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = ListenArgument(argument: String(parts[0])) else { return nil }
        var registry: RegistryHost?
        if parts.count == 2 {
            guard let host = RegistryHost(parts[1]) else { return nil }
            registry = host
        }
        self.init(address: address, registry: registry)
    }

    var description: String { registry.map { "\(address)=\($0)" } ?? "\(address)" }
}
