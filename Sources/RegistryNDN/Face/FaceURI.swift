/// Where a face leads: a Unix stream socket, a TCP or a UDP endpoint, in the URI form NFD uses for its faces.
///
/// `unix:///run/nfd/nfd.sock`, `tcp://host:6363`, `tcp4://…`, `tcp6://[::1]:6363`, and the same with `udp`. A port that is
/// left out is 6363.
public struct FaceURI: Hashable, Sendable {
    /// What carries the packets.
    public enum Scheme: String, Hashable, Sendable {
        case unix, tcp, udp
    }

    /// The IP version a URI is restricted to (`tcp4`, `udp6`, …).
    public enum Family: String, Hashable, Sendable {
        case v4 = "4"
        case v6 = "6"
    }

    /// The port of NDN over TCP and UDP.
    public static let defaultPort = 6363

    public let scheme: Scheme
    /// The only IP version that may be used; nil when either may.
    public let family: Family?
    /// Host name or numeric address without brackets; empty for `unix`.
    public let host: String
    /// 0…65535, where 0 lets a listener choose; 0 for `unix`.
    public let port: Int
    /// Absolute path of the socket; empty unless `unix`.
    public let path: String

    package init(scheme: Scheme, family: Family?, host: String, port: Int) {
        self.scheme = scheme
        self.family = family
        self.host = host
        self.port = port
        self.path = ""
    }

    /// The URI of a Unix stream socket.
    public init(path: String) {
        self.scheme = .unix
        self.family = nil
        self.host = ""
        self.port = 0
        self.path = path
    }
}

extension FaceURI: CustomStringConvertible {
    public var description: String {
        guard scheme != .unix else { return "unix://\(path)" }
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return "\(scheme.rawValue)\(family?.rawValue ?? "")://\(bracketed):\(port)"
    }
}
