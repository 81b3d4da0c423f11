package import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Questions about numeric IP addresses.
package enum IPAddress {
    /// The IP version of a numeric address (a v6 one may carry a `%zone`), nil for anything else.
    package static func family(of text: some StringProtocol) -> FaceURI.Family? {
        guard !text.utf8.contains(0) else { return nil }
        if parses(String(text), AF_INET) { return .v4 }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, parts.count == 1 || !parts[1].isEmpty else { return nil }
        return parses(String(address), AF_INET6) ? .v6 : nil
    }

    /// A numeric address as it is usually written, so that `0:0::1` is `::1`; nil for anything else, also for one with a zone.
    package static func canonical(_ text: some StringProtocol) -> String? {
        guard family(of: text) != nil, !text.utf8.contains(UInt8(ascii: "%")) else { return nil }
        return try? SocketAddress(ipAddress: String(text), port: 0).ipAddress
    }

    /// Where a program of this machine reaches what listens at `host`, which may stand for all addresses.
    package static func reaching(_ host: String) -> String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }

    private static func parses(_ text: String, _ family: CInt) -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { octets in
            unsafe inet_pton(family, text, octets.baseAddress) == 1
        }
    }
}

extension SocketAddress {
    /// The 4 or 16 octets of the IP address; empty for a Unix socket.
    package var addressOctets: [UInt8] {
        let place =
            switch self {
            case .v4: 4..<8
            case .v6: 8..<24
            case .unixDomainSocket: 0..<0
            }
        return unsafe withSockAddr { pointer, size in
            let raw = unsafe UnsafeRawBufferPointer(start: pointer, count: size)
            return unsafe [UInt8](raw[place])
        }
    }

    /// 127/8, ::1 and the mapped form of 127/8.
    package var isLoopback: Bool {
        let octets = addressOctets
        switch octets.count {
        case 4: return octets[0] == 127
        case 16:
            let zeros = octets.prefix { $0 == 0 }.count
            return zeros == 15 && octets[15] == 1
                || zeros == 10 && octets[10] == 0xFF && octets[11] == 0xFF && octets[12] == 127
        default: return false
        }
    }

    /// 0.0.0.0 or ::, the address of a listener that takes packets for any address of the machine.
    package var isWildcard: Bool {
        let octets = addressOctets
        return !octets.isEmpty && octets.allSatisfy { $0 == 0 }
    }

    /// 255.255.255.255 or a multicast group: never answered.
    var isGroup: Bool {
        addressOctets == [255, 255, 255, 255] || isMulticast
    }

    /// Octets of the IP and UDP headers before a datagram's payload.
    var datagramOverhead: Int {
        if case .v6 = self { 48 } else { 28 }
    }

    /// The same address with another port.
    package func with(port: Int) -> SocketAddress {
        var copy = self
        copy.port = port
        return copy
    }
}

extension FaceURI {
    /// The numeric URI of an address: `udp4://127.0.0.1:6363`, `tcp6://[::1]:6363`, `unix:///path`.
    init(_ scheme: Scheme, _ address: SocketAddress) {
        switch address {
        case .v4: self.init(scheme: scheme, family: .v4, host: address.ipAddress ?? "", port: address.port ?? 0)
        case .v6: self.init(scheme: scheme, family: .v6, host: address.ipAddress ?? "", port: address.port ?? 0)
        case .unixDomainSocket: self.init(path: address.pathname ?? "")
        }
    }
}
