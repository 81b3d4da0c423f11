import ArgumentParser
import RegistryNDN

/// Where the client listens, and for which registry: `127.0.0.1:5000`, or `127.0.0.1:5001=quay.io`.
struct ListenerArgument: CustomStringConvertible, Sendable {
    let address: ListenArgument
    /// The registry of requests that name none; nil for whichever is selected otherwise.
    let registry: RegistryHost?

    init(address: ListenArgument, registry: RegistryHost? = nil) {
        self.address = address
        self.registry = registry
    }

    /// - Throws: `ValidationError` with what is accepted.
    static func parse(_ text: String) throws -> ListenerArgument {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = ListenArgument(argument: String(parts[0])) else {
            let several = parts[0].contains(",") ? "; several addresses in one variable are separated by blanks" : ""
            throw ValidationError(
                "\"\(parts[0])\" is no address to listen at: write a host and a port, such as 127.0.0.1:5050, or [::1]:5050 for IPv6\(several)"
            )
        }
        guard parts.count == 2 else { return ListenerArgument(address: address) }
        guard let registry = RegistryHost(parts[1]) else {
            throw ValidationError("\"\(parts[1])\" is no registry's host, such as quay.io in 127.0.0.1:5001=quay.io")
        }
        return ListenerArgument(address: address, registry: registry)
    }

    var description: String { registry.map { "\(address)=\($0)" } ?? "\(address)" }
}
