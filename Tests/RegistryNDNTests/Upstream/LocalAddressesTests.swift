import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

/// A registry elsewhere does not have us ask what only this machine reaches.
@Suite struct LocalAddressesTests {
    @Test(
        arguments: [
            ("127.0.0.1", true), ("127.255.0.1", true), ("0.0.0.0", true), ("169.254.169.254", true), ("::1", true),
            ("::", true), ("fe80::1", true), ("febf::1", true), ("::ffff:127.0.0.1", true),
            ("::ffff:169.254.169.254", true), ("10.0.0.1", false), ("192.168.1.1", false), ("169.253.1.1", false),
            ("128.0.0.1", false), ("fec0::1", false), ("fd00::1", false), ("2001:db8::1", false),
            ("::ffff:192.0.2.1", false), ("::2", false),
        ])
    func whatIsOfThisMachineOrItsLink(address: String, isLocal: Bool) throws {
        #expect(try SocketAddress(ipAddress: address, port: 80).isLocal == isLocal)
        let host = address.contains(":") ? "[\(address)]" : address
        #expect(try UpstreamURL("http://\(host):80").isLocal == isLocal)
    }

    @Test func whatSaysSoByItsName() throws {
        #expect(try UpstreamURL("http://LOCALHOST").isLocal)
        #expect(try UpstreamURL("http://a.localhost").isLocal)
        #expect(try !UpstreamURL("http://localhost.example").isLocal)
    }

    private func connect(_ local: LocalAddresses, isRegistry: Bool, to address: String) throws {
        let place = try UpstreamURL("http://storage.example")
        let channel = EmbeddedChannel(handlers: [local.handler(for: place, isRegistry: isRegistry)])
        try channel.connect(to: try SocketAddress(ipAddress: address, port: 80)).wait()
    }

    /// Seen for each address that a name has, before anything is sent there.
    @Test func refusedUnlessTheRegistryIsThereOrSomebodySaysSo() throws {
        let local = LocalAddresses(areOpen: false)
        try connect(local, isRegistry: true, to: "192.0.2.1")
        try connect(local, isRegistry: false, to: "192.0.2.2")
        let error = #expect(throws: UpstreamError.self) {
            try connect(local, isRegistry: false, to: "169.254.169.254")
        }
        #expect(error?.code == .redirect && error?.message.contains("storage.example") == true)
        try connect(LocalAddresses(areOpen: true), isRegistry: false, to: "169.254.169.254")
        try connect(local, isRegistry: true, to: "127.0.0.1")
        try connect(local, isRegistry: false, to: "127.0.0.2")
    }

    /// The registry is elsewhere, behind a proxy, as far as the client knows; what it names is on the loopback.
    @Test(arguments: [false, true]) func aRedirectOfARegistryElsewhere(isMeant: Bool) async throws {
        let secret = try await RawHTTPServer { _, channel in channel.reply("200 OK", body: [1]) }
        let proxy = try await RawHTTPServer { request, channel in
            request.uri.hasPrefix("http://far.example")
                ? channel.reply("307 Temporary Redirect", ["Location: \(secret.url)/"], body: [])
                : channel.reply("200 OK", body: [1])
        }
        var configuration = UpstreamConfiguration()
        configuration.followsToLocal = isMeant
        configuration.proxies = ProxySettings(explicit: try ProxyURL("http://127.0.0.1:\(proxy.port)", from: "test"))
        let client = UpstreamClient(
            base: try UpstreamURL("http://far.example"), group: MultiThreadedEventLoopGroup.singleton,
            configuration: configuration, logger: .silent)
        let failure = await code {
            let answer = try await client.read(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/"))
            #expect(answer.head.status == .ok)
        }
        #expect(failure == (isMeant ? nil : .redirect))
        client.shutdown()
        try await proxy.close()
        try await secret.close()
    }

    /// A token service is named by the registry just the same.
    @Test func aTokenServiceOfARegistryElsewhere() async throws {
        let secret = try await RawHTTPServer { _, channel in
            channel.reply("200 OK", body: Array(#"{"token":"x"}"#.utf8))
        }
        let proxy = try await RawHTTPServer { _, channel in
            let challenge =
                #"WWW-Authenticate: Bearer realm="\#(secret.url)/token",service="a",scope="repository:a:pull""#
            channel.reply("401 Unauthorized", [challenge], body: [])
        }
        var configuration = UpstreamConfiguration()
        configuration.proxies = ProxySettings(explicit: try ProxyURL("http://127.0.0.1:\(proxy.port)", from: "test"))
        let client = UpstreamClient(
            base: try UpstreamURL("http://far.example"), group: MultiThreadedEventLoopGroup.singleton,
            configuration: configuration, logger: .silent)
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/a/blobs/x")
        _ = await code { _ = try await client.read(head) }
        client.shutdown()
        #expect(secret.requests.isEmpty && !proxy.requests.contains { $0.uri.hasPrefix(secret.url) })
        try await proxy.close()
        try await secret.close()
    }

    /// Without a proxy the connection itself refuses, and is not tried again and again.
    @Test func aConnectionToThisMachineIsRefusedOnce() async throws {
        let secret = try await RawHTTPServer { _, channel in channel.reply("200 OK", body: [1]) }
        let pool = ConnectionPool(
            url: try UpstreamURL("http://localhost:\(secret.port)"), group: MultiThreadedEventLoopGroup.singleton,
            configuration: .init(), local: LocalAddresses(areOpen: false), isRegistry: false)
        #expect(await code { _ = try await pool.lease(fresh: true) } == .redirect)
        pool.shutdown()
        #expect(secret.connections == 0)
        try await secret.close()
    }
}
