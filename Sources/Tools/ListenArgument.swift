import NDN

/// Where to listen, on the command line: `127.0.0.1:5000`, `[::1]:5000`, `localhost:0`.
struct ListenArgument: CustomStringConvertible, Hashable, Sendable {
    /// Host name or IP address, IPv6 without its brackets.
    let host: String
    /// 0 for any free one.
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = UInt16(argument[argument.index(after: colon)...])
        else { return nil }
        var host = argument[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    /// Whether both cannot be listened at: they are the same, or the one is among those that the other stands for.
    func overlaps(_ other: ListenArgument) -> Bool {
        isSame(as: other) || port == other.port && port != 0 && (includes(other) || other.includes(self))
    }

    /// Whether both are one address, however it is spelled, and one port.
    func isSame(as other: ListenArgument) -> Bool { port == other.port && port != 0 && spelling == other.spelling }

    /// The host as it is usually written.
    private var spelling: String { IPAddress.canonical(host) ?? host.lowercased() }

    private func includes(_ other: ListenArgument) -> Bool {
        let other = other.spelling
        let isLocalhost = other == "localhost"
        return switch spelling {
        case "0.0.0.0": isLocalhost || IPAddress.family(of: other) == .v4
        case "::": isLocalhost || IPAddress.family(of: other) == .v6
        case "localhost": other == "127.0.0.1" || other == "::1"
        default: false
        }
    }

    func with(port: Int) -> ListenArgument { ListenArgument(host: host, port: port) }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether the host is written as a loopback address; a host name other than localhost may be anything.
    var isLoopback: Bool {
        let host = spelling
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return host == "localhost" || host == "::1"
            || octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
    }
}
