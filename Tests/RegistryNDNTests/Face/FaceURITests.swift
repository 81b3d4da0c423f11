import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct FaceURITests {
    @Test(arguments: [
        ("unix:///run/nfd/nfd.sock", "unix:///run/nfd/nfd.sock"),
        ("tcp://router.example.net", "tcp://router.example.net:6363"),
        ("tcp4://192.0.2.1:7000", "tcp4://192.0.2.1:7000"),
        ("tcp6://[2001:db8::1]", "tcp6://[2001:db8::1]:6363"),
        ("tcp://localhost:0", "tcp://localhost:0"),
        ("udp://[::1]:6363", "udp://[::1]:6363"),
        ("udp4://router:65535", "udp4://router:65535"),
        ("udp6://router", "udp6://router:6363"),
        ("udp://[fe80::1%eth0]:6363", "udp://[fe80::1%eth0]:6363"),
        ("udp://my_host.", "udp://my_host.:6363"),
    ])
    func parsesURI(text: String, canonical: String) throws {
        let uri = try FaceURI(text)
        #expect(uri.description == canonical)
        #expect(try FaceURI(uri.description) == uri)
    }

    @Test(arguments: [
        ("router.example.net", "udp://router.example.net:6363"),
        ("router:7000", "udp://router:7000"),
        ("127.0.0.1:6363", "udp://127.0.0.1:6363"),
        ("[::1]:6363", "udp://[::1]:6363"),
        ("::1", "udp://[::1]:6363"),
        ("/run/nfd.sock", "unix:///run/nfd.sock"),
        ("tcp4://127.0.0.1", "tcp4://127.0.0.1:6363"),
    ])
    func parsesArgument(text: String, canonical: String) throws {
        #expect(try FaceURI(argument: text).description == canonical)
    }

    @Test(arguments: [
        "", "router", "tcp:/x", "://x", "http://x", "TCP://x", "unix://", "unix:///", "unix://relative",
        "tcp://", "tcp://:6363", "tcp://host:", "tcp://host:65536", "tcp://host:-1", "tcp://host:+1",
        "tcp://host:6363/",
        "tcp://user@host", "tcp://a..b", "tcp://300.1.1.1", "tcp://1.2.3", "tcp://::1", "tcp://[::1", "tcp://[::1]6363",
        "tcp://[router]", "tcp4://[::1]", "tcp6://127.0.0.1", "udp://a b", "udp://[::1%]", "udp5://host", "tcp://.",
        "unix:///" + String(repeating: "x", count: 107), "unix:///a\0b",
    ])
    func rejectsURI(text: String) {
        #expect(throws: FaceError.self) { try FaceURI(text) }
    }

    @Test func errorSaysWhatToWrite() {
        let error = #expect(throws: FaceError.self) { try FaceURI(argument: "::1:99999:x") }
        #expect(error?.code == .invalidURI)
        #expect(error?.message.contains("brackets") == true)
    }

    @Test(arguments: [
        ("router:0", "port 0"), ("tcp://[::1]:0", "port 0"), ("/tmp", "is a folder"), ("unix:///tmp", "is a folder"),
        ("/proc/self/status", "is a file"),
    ])
    func saysWhyNoPeerIsThere(text: String, words: String) throws {
        let error = #expect(throws: FaceError.self) { try FaceURI(peer: text) }
        #expect(error?.message.contains(words) == true && error?.message.contains(text) == true)
        // A listener chooses a port of its own.
        #expect(throws: Never.self) { try FaceURI(argument: text) }
    }

    /// The forwarder may be started later.
    @Test func aSocketThatIsNotThereYetIsAPeer() throws {
        #expect(try FaceURI(peer: "/nowhere/nfd.sock").path == "/nowhere/nfd.sock")
    }

    @Test func partsAreSeparate() throws {
        let uri = try FaceURI("tcp6://[::1]:99")
        #expect(uri.scheme == .tcp)
        #expect(uri.family == .v6)
        #expect(uri.host == "::1")
        #expect(uri.port == 99)
        #expect(try FaceURI("unix:///a").path == "/a")
    }
}
