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
}
