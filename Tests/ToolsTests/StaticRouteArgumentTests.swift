import ArgumentParser
import NDN
import NDNForwarder
import Testing

@testable import registry_ndn

@Suite struct StaticRouteArgumentTests {
    @Test(arguments: [
        ("/example/docker=udp://server.example:7000", "/example/docker", "udp://server.example:7000"),
        ("/example/docker=server.example", "/example/docker", "udp://server.example:6363"),
        ("/example/docker=tcp://[2001:db8::1]", "/example/docker", "tcp://[2001:db8::1]:6363"),
        ("/a=/run/far=1.sock", "/a", "unix:///run/far=1.sock"),
        ("/a/9=b=udp://server.example", "/a/9=b", "udp://server.example:6363"),
        ("/=server.example", "/", "udp://server.example:6363"),
    ])
    func aPrefixAndAFace(_ text: String, _ prefix: String, _ peer: String) throws {
        let route = try StaticRouteArgument.parse(text)
        #expect(try route.prefix == Name(uri: prefix))
        #expect("\(route.peer)" == peer)
    }

    @Test(arguments: [
        "", "/a", "/a=", "=udp://server.example", "/a=sctp://server.example", "/a=server.example:0",
        "/localhost/nfd=server.example", "/a=udp://server.example/x", "a=udp://server.example",
    ])
    func anythingElseIsRefused(_ text: String) {
        #expect(throws: (any Error).self) { try StaticRouteArgument.parse(text) }
    }

    @Test(arguments: [
        ("/a=udp://b.example:6363", true), ("/a=b.example", true), ("/a=tcp://b.example", false),
        ("/a/b=b.example", false), ("/a=c.example", false),
    ])
    func aRouteIsGivenOnce(_ second: String, _ isRefused: Bool) {
        let arguments = ["--route", "/a=udp://b.example", "--route", second]
        do {
            _ = try ForwarderCommand.parse(arguments)
            #expect(!isRefused)
        } catch {
            let words = ForwarderCommand.message(for: error)
            #expect(isRefused && words.contains("--route /a=udp://b.example:6363 is given twice"), "\(words)")
        }
    }

    /// What follows the option's name in the parser's own words.
    @Test(arguments: [
        ("a=udp://b.example", "the prefix is not an NDN name"),
        ("a=udp://b.example", "'a': a name begins with a slash"),
        ("=udp://b.example", "the prefix before the = is missing"),
        ("/a%zz=udp://b.example", "the prefix is not an NDN name"),
        ("/a", "\"/a\" is not PREFIX=FACE"), ("/localhost/nfd=b.example", "/localhost/nfd never leaves this machine"),
    ])
    func whatIsWrongIsSaid(_ text: String, _ words: String) {
        do {
            _ = try StaticRouteArgument.parse(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }
}
