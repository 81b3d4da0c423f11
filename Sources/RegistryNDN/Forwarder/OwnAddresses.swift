internal import NDN
internal import NIOCore

/// Which addresses lead to the forwarder itself: what is sent there comes back, and finds no producer.
struct OwnAddresses {
    /// Where it listens; UDP and TCP.
    let listeners: [FaceURI]
    /// The addresses of this machine.
    let machine: [SocketAddress]

    /// - Parameter listeners: with the real ports.
    init(
        of listeners: [FaceURI],
        machine: [SocketAddress] = (try? System.enumerateDevices())?.compactMap(\.address) ?? []
    ) {
        self.listeners = listeners
        self.machine = machine
    }

    /// Whether one of the listeners hears what is sent to a numeric address; false for a host name other than localhost.
    func contain(_ peer: FaceURI) -> Bool {
        let hosts = peer.host.lowercased() == "localhost" ? ["127.0.0.1", "::1"] : [peer.host]
        return hosts.compactMap(Self.address).contains { address in
            listeners.contains { listener in
                listener.scheme == peer.scheme && listener.port == peer.port && hears(listener.host, address)
            }
        }
    }

    /// A listener for all addresses is for those of its own IP version alone.
    private func hears(_ host: String, _ address: SocketAddress) -> Bool {
        guard let local = Self.address(host) else { return false }
        let octets = address.addressOctets
        guard local.isWildcard else { return local.addressOctets == octets }
        return local.protocol == address.protocol
            && (address.isLoopback || machine.contains { $0.addressOctets == octets })
    }

    /// A zone does not matter: one machine does not have the same address twice.
    private static func address(_ host: String) -> SocketAddress? {
        try? SocketAddress(ipAddress: String(host.prefix { $0 != "%" }), port: 0)
    }
}
