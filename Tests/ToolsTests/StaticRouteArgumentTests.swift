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
        #expect(route.cost == 0)
    }

    @Test(
        arguments: [
            ("/a=udp://b.example:7000,cost=10", "udp://b.example:7000", 10),
            ("/a=b.example,cost=0", "udp://b.example:6363", 0),
            ("/a=tcp://[2001:db8::1],cost=9223372036854775807", "tcp://[2001:db8::1]:6363", 9_223_372_036_854_775_807),
            ("/a=/run/x.sock,cost=3", "unix:///run/x.sock", 3), ("/a=unix:///run/a,b.sock", "unix:///run/a,b.sock", 0),
            ("/a=/run/x,cost=3,cost=4", "unix:///run/x,cost=3", 4),
        ] as [(String, String, UInt64)])
    func aCostMayFollow(_ text: String, _ peer: String, _ cost: UInt64) throws {
        let route = try StaticRouteArgument.parse(text)
        #expect("\(route.peer)" == peer && route.cost == cost)
    }

    /// The routes of one forwarder differ in prefix or face.
    @Test func twoCostsOfOneRouteAreRefused() {
        do {
            _ = try ForwarderCommand.parse(["--route", "/a=b.example", "--route", "/a=b.example,cost=5"])
            Issue.record("both were taken")
        } catch {
            let words = ForwarderCommand.message(for: error)
            #expect(words.contains("is given twice, with the costs 0 and 5: give it once"), "\(words)")
        }
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
        ("/a=udp://b.example,cost=ten", "the cost ten is no whole number: write a whole number, 0 or more"),
        ("/a=udp://b.example,cost=-1", "the cost -1 is negative"),
        ("/a=udp://b.example,cost=9223372036854775808", "the cost 9223372036854775808 is too large"),
        ("/a=udp://b.example,cost=", "the cost after ,cost= is missing"),
        ("/a=udp://b.example,10", "\",10\" follows the face, where one cost may stand: write PREFIX=FACE,cost=N"),
        ("/a=udp://b.example,cost=1,cost=2", "\",cost=1,cost=2\" follows the face"),
        ("/a=255.255.255.255", "udp://255.255.255.255:6363 is the address of a group"),
        ("/a=0.0.0.0", "udp://0.0.0.0:6363 is all addresses of a machine"),
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
