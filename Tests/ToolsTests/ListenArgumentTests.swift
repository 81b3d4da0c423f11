import ArgumentParser
import NDN
import Testing

@testable import registry_ndn

@Suite("Addresses to listen at")
struct ListenArgumentTests {
    @Test(
        "that are the same twice are told apart from others",
        arguments: [
            ("127.0.0.1:1", "127.0.0.1:1", true), ("localhost:1", "127.0.0.1:1", true),
            ("[::1]:1", "localhost:1", true),
            ("0.0.0.0:1", "192.0.2.1:1", true), ("[::]:1", "[::1]:1", true), ("0.0.0.0:1", "localhost:1", true),
            ("127.0.0.1:1", "127.0.0.1:2", false), ("127.0.0.1:0", "127.0.0.1:0", false),
            ("127.0.0.1:1", "[::1]:1", false),
            ("0.0.0.0:1", "[::1]:1", false), ("127.0.0.1:1", "127.0.0.2:1", false),
            ("[::1]:1", "[0:0::1]:1", true), ("[0:0::0]:1", "[::1]:1", true), ("LocalHost:1", "localhost:1", true),
            ("[0:0::1]:1", "localhost:1", true), ("[0:0::1]:0", "[::1]:0", false),
        ])
    func overlap(one: String, other: String, expected: Bool) throws {
        let (one, other) = (try #require(ListenArgument(argument: one)), try #require(ListenArgument(argument: other)))
        #expect(one.overlaps(other) == expected && other.overlaps(one) == expected)
    }

    @Test("are refused when the client is given one twice")
    func refused() {
        for (first, second, words) in [
            ("127.0.0.1:1", "127.0.0.1:1", "is given twice"),
            ("127.0.0.1:1", "localhost:1=quay.io", "the same address and port"),
            ("[::1]:1", "[0:0::1]:1", "--listen [0:0::1]:1 is given twice, before as [::1]:1"),
        ] {
            let error = #expect(throws: (any Error).self) {
                try RegistryOptions.parse([
                    "--upstream", "http://a", "--name", "/a", "--listen", first, "--listen", second,
                ])
            }
            #expect(error.map { RegistryOptions.message(for: $0).contains(words) } == true)
        }
    }

    @Test("of a server are compared with what carries them")
    func faces() throws {
        func same(_ one: String, _ other: String) throws -> Bool { try FaceURI(one).isSameListener(as: FaceURI(other)) }
        #expect(try same("udp://127.0.0.1:1", "udp4://127.0.0.1:1") && same("unix:///a", "unix:///a"))
        #expect(try !same("udp://127.0.0.1:1", "tcp://127.0.0.1:1") && !same("unix:///a", "unix:///b"))
        #expect(try same("udp://[::1]:1", "udp6://[0:0::1]:1"))
        for path in ["//a//b.sock", "/a/./b.sock", "/./a/b.sock"] {
            #expect(try same("unix:///a/b.sock", "unix://\(path)"), "\(path)")
        }
        // /proc/self/root is a symbolic link to /.
        #expect(try same("unix:///etc/b.sock", "unix:///proc/self/root/etc/../etc/b.sock"))
    }

    @Test("are of this machine however they are spelled")
    func loopback() throws {
        #expect(try #require(ListenArgument(argument: "[0:0::1]:1")).isLoopback)
        #expect(try FaceURI("udp://[0:0::1]:1").isOfThisMachine)
    }
}
