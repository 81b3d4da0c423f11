import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder

@Suite("Forwarder: its own addresses")
struct OwnAddressesTests {
    private static let machine = ["192.0.2.1", "2001:db8::1", "fe80::1"]

    @Test(arguments: [
        ("udp4://127.0.0.1:6363", "udp://127.0.0.1:6363", true),
        ("udp4://127.0.0.1:6363", "udp://localhost:6363", true),
        ("udp4://127.0.0.1:6363", "udp://127.0.0.2:6363", false),
        ("udp4://127.0.0.1:6363", "tcp://127.0.0.1:6363", false),
        ("udp4://127.0.0.1:6363", "udp://127.0.0.1:6364", false),
        ("udp4://127.0.0.1:6363", "udp://192.0.2.1:6363", false),
        ("tcp4://192.0.2.1:6363", "tcp://192.0.2.1:6363", true),
        ("tcp4://192.0.2.1:6363", "tcp://192.0.2.2:6363", false),
        ("udp4://0.0.0.0:6363", "udp://192.0.2.1:6363", true), ("udp4://0.0.0.0:6363", "udp4://127.0.0.9:6363", true),
        ("udp4://0.0.0.0:6363", "udp://192.0.2.9:6363", false),
        ("udp4://0.0.0.0:6363", "udp://[2001:db8::1]:6363", false),
        ("udp6://[::]:6363", "udp://[2001:db8:0::1]:6363", true),
        ("udp6://[::]:6363", "udp6://[fe80::1%eth0]:6363", true),
        ("udp6://[::]:6363", "udp://192.0.2.1:6363", false), ("udp6://[::]:6363", "udp://localhost:6363", true),
        ("udp4://0.0.0.0:6363", "udp://server.example:6363", false),
        ("unix:///run/a.sock", "unix:///run/a.sock", false),
    ])
    func whereItListensIsItself(_ listener: String, _ peer: String, _ isItself: Bool) throws {
        let machine = try Self.machine.map { try SocketAddress(ipAddress: $0, port: 0) }
        let own = OwnAddresses(of: [try FaceURI(listener)], machine: machine)
        #expect(own.contain(try FaceURI(peer)) == isItself)
    }
}
