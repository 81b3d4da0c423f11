import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("The registries of a client, replaced while it runs")
struct RegistryTableTests {
    private static func site(_ name: String) throws -> RegistrySite {
        let upstream = UpstreamClient(
            base: try UpstreamURL("http://127.0.0.1:9"), group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        return RegistrySite(
            prefix: Name([.generic(name)]), source: BlobSource(network: NoNetwork()), upstream: upstream,
            logger: .silent)
    }

    private static func served(_ sites: [RegistrySite]) throws -> ServedRegistries {
        ServedRegistries(sites: sites, upstreams: try UpstreamSet(sites.map { _ in .init(hosts: []) }))
    }

    @Test("keep those that stay, tell of those that arrive, once, and end those that go")
    func replacing() async throws {
        let (one, two, three) = (try Self.site("one"), try Self.site("two"), try Self.site("three"))
        let table = RegistryTable(try Self.served([one, two]))
        table.replace(with: try Self.served([three, two]))
        #expect(table.current.sites.map(\.prefix) == [three, two].map(\.prefix))
        #expect(table.current.sites[1].totals === two.totals)
        #expect(Set(table.everServed.map { "\($0.prefix)" }) == ["/one", "/two", "/three"])
        var arrivals = table.arrivals.makeAsyncIterator()
        var departures: [AsyncStream<Void>] = []
        for site in [one, two, three] {
            let arrival = try #require(await arrivals.next())
            #expect(arrival.site.prefix == site.prefix)
            departures.append(arrival.departure)
        }
        // Ends at once, since the first is gone.
        for await _ in departures[0] {}
        table.replace(with: try Self.served([]))
        for await _ in departures[2] {}
        #expect(table.everServed.count == 3)
    }

    @Test("are what requests find")
    func requests() async throws {
        let (one, two) = (try Self.site("one"), try Self.site("two"))
        let responder = ClientResponder(
            sites: [one], upstreams: try UpstreamSet([.init(hosts: [])]), logger: .silent)
        responder.registries.replace(with: try Self.served([two]))
        try await withEndpoint(responder) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET /v2/a/tags/list HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await connection.response().status == 502)
            }
        }
        #expect(one.totals.values.requests == 0)
        #expect(two.totals.values.requests == 1)
    }
}
