import ArgumentParser
import NDN
import RegistryNDN

/// A registry whose images an engine is to get through the client: `quay.io`, or `quay.io=127.0.0.1:5001` where the client
/// has an address that is this registry's alone.
struct LedRegistry: Equatable, CustomStringConvertible {
    let host: RegistryHost
    let own: EngineEndpoint?

    init(host: RegistryHost, own: EngineEndpoint? = nil) {
        self.host = host
        self.own = own
    }

    /// - Throws: `ValidationError` that says what is wrong.
    static func parse(_ text: String) throws -> LedRegistry {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        // Its name becomes that of a folder.
        guard let host = RegistryHost(parts[0]), isName(host.text) else {
            throw ValidationError("\"\(parts[0])\" is no name of a registry, as quay.io or registry.example:5000")
        }
        return LedRegistry(host: host, own: parts.count == 2 ? try EngineEndpoint.parse(String(parts[1])) : nil)
    }

    /// A host name, or an address as a reference has it: that of IPv6 in brackets.
    private static func isName(_ text: String) -> Bool {
        let rest = text.dropFirst()
        guard text.first == "[" else {
            return text.first.map { $0.isLetter || $0.isNumber } ?? false && !rest.contains { "[]".contains($0) }
        }
        guard let end = rest.firstIndex(of: "]"), rest[end...].dropFirst().allSatisfy({ $0 == ":" || $0.isNumber })
        else { return false }
        return IPAddress.family(of: String(rest[..<end])) == .v6
    }

    /// As `--registry` has it.
    var description: String { ([host.text] + (own.map { ["\($0)"] } ?? [])).joined(separator: "=") }

    /// Where its requests go, when the client is at `endpoint` for all.
    func endpoint(_ common: EngineEndpoint) -> EngineEndpoint { own ?? common }
}
