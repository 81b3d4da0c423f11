import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("the forwarder of this machine")
struct LocalForwarderTests {
    private let sockets = ["/run/ours.sock", "/run/nfd/nfd.sock", "/run/nfd.sock"]

    private func find(
        variables: [String: String] = [:], files: [String: String] = [:], open: Set<String> = []
    ) throws(FaceError) -> LocalForwarder? {
        try LocalForwarder.find(
            environment: { variables[$0] }, configurations: ["/home/me/.ndn/client.conf", "/etc/ndn/client.conf"],
            read: { files[$0] }, sockets: sockets, isOpen: { open.contains($0) })
    }

    @Test("the variable goes before client.conf, and that before a socket")
    func order() throws {
        let files = ["/etc/ndn/client.conf": "transport=tcp://router.example"]
        let all = try find(
            variables: ["NDN_CLIENT_TRANSPORT": "unix:///run/mine.sock"], files: files, open: Set(sockets))
        #expect(all == LocalForwarder(uri: try FaceURI("unix:///run/mine.sock"), source: .variable))
        let configured = try find(files: files, open: Set(sockets))
        #expect(configured?.uri == (try FaceURI("tcp://router.example:6363")))
        #expect(configured?.source == .configuration(path: "/etc/ndn/client.conf"))
    }

    @Test("the first socket at which a program listens is taken, and none when none listens")
    func firstOpen() throws {
        #expect(try find(open: ["/run/nfd.sock", "/run/nfd/nfd.sock"])?.uri == FaceURI(path: "/run/nfd/nfd.sock"))
        #expect(try find(open: ["/run/nfd.sock"])?.uri == FaceURI(path: "/run/nfd.sock"))
        #expect(try find() == nil)
    }

    @Test(
        "client.conf is read as ndn-cxx reads it: comments, blanks, and files without a transport do not count",
        arguments: [
            "; transport=tcp://wrong\ntransport=unix:///run/a.sock\n",
            "pib=pib-sqlite3\r\n transport = unix:///run/a.sock \r\n",
            "#transport=tcp://wrong\ntransport=unix:///run/a.sock",
        ])
    func configuration(_ text: String) throws {
        #expect(try find(files: ["/home/me/.ndn/client.conf": text])?.uri == FaceURI(path: "/run/a.sock"))
        let next = ["/home/me/.ndn/client.conf": "pib=pib-sqlite3\n;transport=x", "/etc/ndn/client.conf": text]
        #expect(try find(files: next)?.source == .configuration(path: "/etc/ndn/client.conf"))
    }

    @Test("what names no face is refused with where it stands")
    func wrong() {
        #expect { try find(variables: ["NDN_CLIENT_TRANSPORT": "ws://router"]) } throws: { error in
            "\(error)".contains("NDN_CLIENT_TRANSPORT") && "\(error)".contains("ws://")
        }
        #expect { try find(files: ["/etc/ndn/client.conf": "transport=nonsense://"]) } throws: { error in
            "\(error)".contains("/etc/ndn/client.conf")
        }
    }
}
