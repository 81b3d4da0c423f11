/// The name of a registry as it stands before an image's name, `quay.io` or `registry.example:5000`.
public struct RegistryHost: Hashable, Sendable, CustomStringConvertible {
    /// Docker Hub, under the names that tools give it.
    private static let dockerHub = ["docker.io", "index.docker.io", "registry-1.docker.io"]

    /// In lower case; Docker Hub is `docker.io`.
    public let text: String

    /// The host in `text`, or nil unless it is a host name or address with an optional port.
    public init?(_ text: some StringProtocol) {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        let lower = text.lowercased()
        self.text = Self.dockerHub.contains(lower) ? Self.dockerHub[0] : lower
    }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:[]".utf8.contains(octet)
        }
    }

    public var description: String { text }
}
