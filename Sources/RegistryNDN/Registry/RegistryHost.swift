internal import NDN

/// The name of a registry as it stands before an image's name, `quay.io` or `registry.example:5000`.
package struct RegistryHost: Hashable, Sendable, CustomStringConvertible {
    /// Docker Hub, as images name it, as tools keep its credentials, and where it answers.
    static let dockerHub = (image: "docker.io", index: "index.docker.io", registry: "registry-1.docker.io")
    /// The default ports of http and https, which say nothing about which registry is meant.
    private static let defaultPorts = ["", "80", "443"]

    /// The name in lower case, without a port that is the default of http or https, and without the dot of a name's root; for
    /// Docker Hub `docker.io`.
    package let text: String

    /// The host in `text`, or nil unless it is a host name or address with an optional port.
    package init?(_ text: some StringProtocol) {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        var name = text.lowercased()[...]
        var port = ""
        // An address of IPv6 has colons of its own.
        if let colon = name.lastIndex(of: ":"), name[..<colon].hasSuffix("]") || !name[..<colon].contains(":") {
            let digits = name[name.index(after: colon)...]
            if !Self.defaultPorts.contains(String(digits)) { port = ":" + digits }
            name = name[..<colon]
        }
        if name.hasSuffix(".") { name.removeLast() }
        guard !name.isEmpty else { return nil }
        let (whole, hub) = (String(name + port), Self.dockerHub)
        self.text = whole == hub.index || whole == hub.registry ? hub.image : whole
    }

    /// Docker Hub keeps official images, whose names have one component, below `library/`.
    package var isDockerHub: Bool { text == Self.dockerHub.image }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        octet.isLetter || octet.isDigit || "-._:[]".utf8.contains(octet)
    }

    package var description: String { text }
}
