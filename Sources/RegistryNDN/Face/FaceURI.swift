import NIOCore
import NIOPosix

/// Where a face leads: a Unix stream socket, a TCP or a UDP endpoint, in the URI form NFD uses for its faces.
///
/// `unix:///run/nfd/nfd.sock`, `tcp://host:6363`, `tcp4://…`, `tcp6://[::1]:6363`, and the same with `udp`. A port that is
/// left out is 6363.
public struct FaceURI: Hashable, Sendable {
    /// What carries the packets.
    public enum Scheme: String, Hashable, Sendable {
        /// A Unix stream socket.
        case unix
        /// A TCP connection.
        case tcp
        /// UDP datagrams.
        case udp
    }

    /// The IP version a URI is restricted to (`tcp4`, `udp6`, …).
    public enum Family: String, Hashable, Sendable {
        /// IPv4 only.
        case v4 = "4"
        /// IPv6 only.
        case v6 = "6"
    }

    /// The port of NDN over TCP and UDP.
    public static let defaultPort = 6363

    /// What carries the packets.
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

extension FaceURI {
    /// The URI as `faces/create` wants it: the address numeric, its family in the scheme (`udp4://192.0.2.1:6363`). A name is
    /// looked up; throws `FaceError` when it has no address, or for a Unix socket, which no forwarder connects to.
    public func canonical() async throws -> String {
        guard scheme != .unix else {
            throw FaceError(
                .invalidURI, "\(self) is a Unix socket, which a forwarder does not connect to; write udp:// or tcp://")
        }
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let addresses = try await HostResolver.addresses(of: self, on: loop).get()
        guard let address = addresses.first, let host = address.ipAddress else {
            throw FaceError(.unresolved, "\(self) has no address")
        }
        let isV6 = address.protocol == .inet6
        return "\(scheme.rawValue)\(isV6 ? 6 : 4)://\(isV6 ? "[\(host)]" : host):\(port)"
    }

    /// Parses a face URI strictly: no user, path, query or fragment for tcp and udp; an absolute path for unix.
    public init(_ text: String) throws(FaceError) {
        guard let separator = text.firstRange(of: "://") else {
            throw FaceURI.invalid(text, "it has no scheme")
        }
        let rest = text[separator.upperBound...]
        switch text[..<separator.lowerBound] {
        case "unix":
            try self.init(checkedPath: rest, in: text)
        case "tcp": try self.init(.tcp, nil, authority: rest, in: text)
        case "tcp4": try self.init(.tcp, .v4, authority: rest, in: text)
        case "tcp6": try self.init(.tcp, .v6, authority: rest, in: text)
        case "udp": try self.init(.udp, nil, authority: rest, in: text)
        case "udp4": try self.init(.udp, .v4, authority: rest, in: text)
        case "udp6": try self.init(.udp, .v6, authority: rest, in: text)
        case let scheme:
            throw FaceURI.invalid(text, "\(scheme):// is not a kind of face this program has")
        }
    }

    /// Parses what a person types: a face URI, `/path` for a Unix socket, or `host`, `host:port`, `[v6]:port` for UDP.
    public init(argument text: String) throws(FaceError) {
        if text.contains("://") {
            try self.init(text)
        } else if text.hasPrefix("/") {
            try self.init(checkedPath: text[...], in: text)
        } else if IPAddress.family(of: text) == .v6 {
            try self.init(.udp, nil, authority: "[\(text)]"[...], in: text)
        } else {
            try self.init(.udp, nil, authority: text[...], in: text)
        }
    }

    /// Parses the same as the place of a peer to connect to: with a port, and, where the path of a Unix socket exists, with a socket
    /// at it. One that is not there yet may still come.
    package init(peer text: String) throws(FaceError) {
        try self.init(argument: text)
        guard scheme != .unix else {
            guard let kind = UnixSocketFile.otherKind(at: path) else { return }
            throw FaceError(
                .invalidURI,
                "\"\(text)\" is \(kind), not the socket of a forwarder: name its socket, such as unix:///run/nfd/nfd.sock"
            )
        }
        guard port > 0 else {
            throw FaceError(
                .invalidURI, "\"\(text)\": nobody can be reached at port 0; the usual port is \(FaceURI.defaultPort)")
        }
    }

    /// Why no single peer is at a numeric address: it is a group's, or that of a listener that stands for all of a machine; nil for
    /// one that a peer may have, for a host name, and for a Unix socket.
    package var whyNoPeer: FaceError? {
        let plain = host.prefix { $0 != "%" }
        guard scheme != .unix, let address = try? SocketAddress(ipAddress: String(plain), port: port) else {
            return nil
        }
        if address.isGroup {
            return FaceError(
                .invalidURI,
                "\(self) is the address of a group, not of one machine: name one server or forwarder, by its host name or its own address"
            )
        }
        guard address.isWildcard else { return nil }
        return FaceError(
            .invalidURI,
            "\(self) is all addresses of a machine, at which programs listen and nobody is reached: name one, such as \(IPAddress.reaching(host)) for this machine"
        )
    }

    private init(checkedPath path: Substring, in text: String) throws(FaceError) {
        guard path.hasPrefix("/"), path.utf8.count > 1 else {
            throw FaceURI.invalid(text, "a Unix socket needs an absolute path, as in unix:///run/nfd/nfd.sock")
        }
        guard !path.utf8.contains(0) else { throw FaceURI.invalid(text, "the path contains a NUL octet") }
        guard path.utf8.count <= FaceURI.longestPath else {
            throw FaceURI.invalid(
                text,
                "the path of a Unix socket has at most \(FaceURI.longestPath) octets, this one \(path.utf8.count): choose a shorter one"
            )
        }
        self.init(path: String(path))
    }

    private init(_ scheme: Scheme, _ family: Family?, authority: Substring, in text: String) throws(FaceError) {
        let (host, portText) = try FaceURI.split(authority, in: text)
        var port = FaceURI.defaultPort
        if let portText {
            guard !portText.isEmpty, portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(portText),
                number <= 65535
            else { throw FaceURI.invalid(text, "its port is not a number from 0 to 65535") }
            port = number
        }
        let numeric = IPAddress.family(of: host)
        if let family, let numeric, family != numeric {
            throw FaceURI.invalid(text, "\(host) is not an IPv\(family.rawValue) address")
        }
        guard numeric != nil || FaceURI.isHostName(host) else {
            throw FaceURI.invalid(text, "\"\(host)\" is neither a host name nor an IP address")
        }
        self.init(scheme: scheme, family: family, host: host, port: port)
    }

    /// Splits `host`, `host:port`, `[v6]` and `[v6]:port`.
    private static func split(_ authority: Substring, in text: String) throws(FaceError) -> (String, Substring?) {
        guard authority.hasPrefix("[") else {
            guard let colon = authority.firstIndex(of: ":") else { return (String(authority), nil) }
            let port = authority[authority.index(after: colon)...]
            guard !port.contains(":") else {
                throw invalid(text, "an IPv6 address stands in brackets, as in udp://[::1]:6363")
            }
            return (String(authority[..<colon]), port)
        }
        guard let end = authority.firstIndex(of: "]") else { throw invalid(text, "its [ is never closed") }
        let host = String(authority[authority.index(after: authority.startIndex)..<end])
        guard IPAddress.family(of: host) == .v6 else {
            throw invalid(text, "[\(host)] is not an IPv6 address")
        }
        let rest = authority[authority.index(after: end)...]
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.hasPrefix(":") else { throw invalid(text, "only a port may follow ]") }
        return (host, rest.dropFirst())
    }

    /// A DNS name as people use it: letters, digits, `-`, `_` and dots between; four numbers would be an address.
    private static func isHostName(_ host: String) -> Bool {
        guard !host.isEmpty, host.utf8.count <= 253 else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let inner = labels.last == "" ? labels.dropLast() : labels[...]
        let fits = inner.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { octet in
                    (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
                        || octet == UInt8(ascii: "-") || octet == UInt8(ascii: "_")
                }
        }
        let numbersOnly = inner.last?.utf8.allSatisfy { (0x30...0x39).contains($0) } ?? true
        return fits && !inner.isEmpty && !numbersOnly
    }

    /// `sun_path` has 108 octets, one of them for the terminating NUL.
    static let longestPath = 107

    private static func invalid(_ text: String, _ why: String) -> FaceError {
        FaceError(
            .invalidURI,
            "\"\(text)\" is not a face: \(why); write unix:///path, tcp://host:port or udp://host:port")
    }
}

extension StringProtocol {
    fileprivate func firstRange(of needle: String) -> Range<Index>? {
        var from = startIndex
        while from < endIndex {
            if self[from...].hasPrefix(needle) {
                return from..<index(from, offsetBy: needle.count)
            }
            from = index(after: from)
        }
        return nil
    }
}
