import NIOHTTP1
import Testing

@testable import RegistryNDN

@Suite("Selection of the upstream")
struct ClientSelectionTests {
    private static let names = ["docker.io", "quay.io", "registry.example:5000"]

    private func upstreams(defaultTo index: Int? = 0, listeners: [Int: Int] = [:]) throws -> UpstreamSet {
        try UpstreamSet(
            Self.names.enumerated().map { number, name in
                UpstreamSet.Entry(
                    hosts: [try #require(RegistryHost(name))], isDefault: number == index,
                    listeners: Set(listeners.filter { $0.value == number }.keys))
            })
    }

    @Test(arguments: [
        ("/v2/app/manifests/1?ns=quay.io", 1, "/v2/app/manifests/1", "quay.io"),
        ("/v2/app/manifests/1?ns=QUAY.io", 1, "/v2/app/manifests/1", "QUAY.io"),
        ("/v2/app/tags/list?n=1&ns=docker.io&last=a", 0, "/v2/app/tags/list?n=1&last=a", "docker.io"),
        ("/v2/app/manifests/1?ns=index.docker.io", 0, "/v2/app/manifests/1", "index.docker.io"),
        ("/v2/a/blobs/x?ns=registry.example%3A5000", 2, "/v2/a/blobs/x", "registry.example%3A5000"),
        ("/v2/?ns=quay.io", 1, "/v2/", "quay.io"),
        ("/v2/a/b?ns=quay.io&ns=quay.io", 1, "/v2/a/b", "quay.io"),
        // The namespace goes before everything else.
        ("/v2/docker.io/app/manifests/1?ns=quay.io", 1, "/v2/docker.io/app/manifests/1", "quay.io"),
    ])
    func byNamespace(target: String, index: Int, upstream: String, namespace: String) throws {
        let route = UpstreamRoute(index: index, target: upstream, namespace: namespace)
        #expect(try upstreams().select(target: target, listener: 0) == .upstream(route))
        #expect(try upstreams(listeners: [0: 2]).select(target: target, listener: 0) == .upstream(route))
    }

    /// Never an address to dial, whatever it looks like.
    @Test(arguments: [
        "evil.example", "127.0.0.1:22", "quay.io.", "quay.io/x", "", "%", "%zz", "quay.io%00", "quay%2Eio%20",
    ])
    func refusesAnotherNamespace(value: String) throws {
        let selection = try upstreams().select(target: "/v2/app/manifests/1?ns=\(value)", listener: 0)
        #expect(selection == .refused(.unknownNamespace(value)))
    }

    @Test func refusesTwoNamespaces() throws {
        let selection = try upstreams().select(target: "/v2/a/b?ns=quay.io&ns=docker.io", listener: 0)
        #expect(selection == .refused(.ambiguousNamespace))
    }

    @Test(
        arguments: [
            ("/v2/quay.io/org/app/manifests/1?x=1", 1, "/v2/org/app/manifests/1?x=1", "quay.io"),
            ("/v2/docker.io/library/alpine/blobs/uploads/", 0, "/v2/library/alpine/blobs/uploads/", "docker.io"),
            ("/v2/org/app/manifests/1", 0, "/v2/org/app/manifests/1", nil),
            ("/v2/quay.io", 0, "/v2/quay.io", nil), ("/v2/", 0, "/v2/", nil), ("/v2", 0, "/v2", nil),
            ("/", 0, "/", nil),
            ("/v2/_catalog", 0, "/v2/_catalog", nil),
            ("/v2/other.io/a/manifests/1", 0, "/v2/other.io/a/manifests/1", nil),
        ] as [(String, Int, String, String?)])
    func byPathElseTheDefault(target: String, index: Int, upstream: String, prefix: String?) throws {
        let route = UpstreamRoute(index: index, target: upstream, repositoryPrefix: prefix)
        #expect(try upstreams().select(target: target, listener: 0) == .upstream(route))
    }

    @Test func byListenerBeforeThePath() throws {
        let set = try upstreams(listeners: [1: 2])
        let target = "/v2/quay.io/app/manifests/1"
        #expect(set.select(target: target, listener: 1) == .upstream(UpstreamRoute(index: 2, target: target)))
        #expect(
            set.select(target: target, listener: 0)
                == .upstream(UpstreamRoute(index: 1, target: "/v2/app/manifests/1", repositoryPrefix: "quay.io")))
    }

    @Test func withoutADefaultOnlyTheVersionIsAnswered() throws {
        let set = try upstreams(defaultTo: nil)
        #expect(set.select(target: "/v2/", listener: 0) == .version)
        #expect(set.select(target: "/v2/app/manifests/1", listener: 0) == .refused(.noUpstream))
        #expect(set.select(target: "/v2/_catalog", listener: 0) == .refused(.noUpstream))
    }

    @Test func oneAloneServesEverythingUnderItsOwnNames() throws {
        let host = try #require(RegistryHost("quay.io"))
        let set = try UpstreamSet([.init(hosts: [host], takesPrefix: false)])
        for target in ["/v2/quay.io/app/manifests/1", "/v2/app/manifests/1", "/anything?ns=x"] {
            #expect(set.select(target: target, listener: 3) == .upstream(UpstreamRoute(index: 0, target: target)))
        }
        let selection = set.select(target: "/v2/a/b?ns=docker.io", listener: 0)
        #expect(selection == .refused(.unknownNamespace("docker.io")))
    }

    @Test func refusesWhatBelongsToTwo() throws {
        let host = try #require(RegistryHost("quay.io"))
        #expect(throws: UpstreamSet.Conflict.host(host)) {
            try UpstreamSet([.init(hosts: [host]), .init(hosts: [host])])
        }
        #expect(throws: UpstreamSet.Conflict.listener(1)) {
            try UpstreamSet([.init(hosts: [], listeners: [1]), .init(hosts: [], listeners: [1])])
        }
        #expect(throws: UpstreamSet.Conflict.twoDefaults) {
            try UpstreamSet([.init(hosts: [], isDefault: true), .init(hosts: [], isDefault: true)])
        }
    }
}
