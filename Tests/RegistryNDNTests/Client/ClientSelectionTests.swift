import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Selection of the upstream")
struct ClientSelectionTests {
    private static let names = ["docker.io", "quay.io", "registry.example:5000"]

    private func upstreams(
        defaultTo index: Int? = 0, takesUnnamedWrites: Bool = false, listeners: [Int: Int] = [:]
    ) throws -> UpstreamSet {
        try UpstreamSet(
            Self.names.enumerated().map { number, name in
                UpstreamSet.Entry(
                    hosts: [try #require(RegistryHost(name))], isDefault: number == index,
                    takesUnnamedWrites: takesUnnamedWrites, listeners: Set(listeners.filter { $0.value == number }.keys)
                )
            })
    }

    @Test(arguments: [
        ("/v2/a/app/manifests/1?ns=quay.io", 1, "/v2/a/app/manifests/1", "quay.io"),
        ("/v2/a/app/manifests/1?ns=QUAY.io", 1, "/v2/a/app/manifests/1", "QUAY.io"),
        ("/v2/a/app/manifests/1?ns=quay.io.", 1, "/v2/a/app/manifests/1", "quay.io."),
        ("/v2/a/app/manifests/1?ns=quay.io:443", 1, "/v2/a/app/manifests/1", "quay.io:443"),
        ("/v2/a/app/manifests/1?ns=quay.io%3A80", 1, "/v2/a/app/manifests/1", "quay.io%3A80"),
        ("/v2/a/app/tags/list?n=1&ns=docker.io&last=a", 0, "/v2/a/app/tags/list?n=1&last=a", "docker.io"),
        ("/v2/a/app/manifests/1?ns=index.docker.io", 0, "/v2/a/app/manifests/1", "index.docker.io"),
        ("/v2/a/blobs/x?ns=registry.example%3A5000", 2, "/v2/a/blobs/x", "registry.example%3A5000"),
        ("/v2/?ns=quay.io", 1, "/v2/", "quay.io"),
        ("/v2/a/b?ns=quay.io&ns=quay.io", 1, "/v2/a/b", "quay.io"),
        // The namespace goes before everything else.
        ("/v2/docker.io/app/manifests/1?ns=quay.io", 1, "/v2/docker.io/app/manifests/1", "quay.io"),
        // Outside the registry's interface, where a reference of the registry leads: behind what it has of its own.
        ("/artifacts-uploads/1?x=1&ns=quay.io", 1, "/artifacts-uploads/1?x=1", "quay.io"),
        ("/artifacts-uploads/1?digest=d&ns=own&ns=quay.io", 1, "/artifacts-uploads/1?digest=d&ns=own", "quay.io"),
    ])
    func byNamespace(target: String, index: Int, upstream: String, namespace: String) throws {
        let route = UpstreamRoute(index: index, target: upstream, selector: RegistrySelector(namespace: namespace))
        #expect(try upstreams().select(target: target, listener: 0) == .upstream(route))
        #expect(try upstreams(listeners: [0: 2]).select(target: target, listener: 0) == .upstream(route))
    }

    /// Never an address to dial, whatever it looks like.
    @Test(arguments: [
        "evil.example", "127.0.0.1:22", "quay.io..", "quay.io:5000", "registry.example", "quay.io/x", "", ".", ":443",
        "%",
        "%zz", "quay.io%00", "quay%2Eio%20",
    ])
    func refusesAnotherNamespace(value: String) throws {
        let selection = try upstreams().select(target: "/v2/app/manifests/1?ns=\(value)", listener: 0)
        #expect(selection == .refused(.unknownNamespace(value, known: Self.names)))
    }

    @Test func refusesTwoNamespaces() throws {
        let selection = try upstreams().select(target: "/v2/a/b?ns=quay.io&ns=docker.io", listener: 0)
        #expect(selection == .refused(.ambiguousNamespace))
    }

    @Test(
        arguments: [
            ("/v2/quay.io/org/app/manifests/1?x=1", 1, "/v2/org/app/manifests/1?x=1", "quay.io"),
            ("/v2/docker.io/library/alpine/blobs/uploads/", 0, "/v2/library/alpine/blobs/uploads/", "docker.io"),
            ("/v2/quay.io:443/org/app/manifests/1", 1, "/v2/org/app/manifests/1", "quay.io:443"),
            ("/v2/quay.io/_catalog?n=1", 1, "/v2/_catalog?n=1", "quay.io"), ("/v2/quay.io/", 1, "/v2/", "quay.io"),
            ("/v2/org/app/manifests/1", 0, "/v2/org/app/manifests/1", nil),
            ("/v2/quay.io", 0, "/v2/quay.io", nil), ("/v2/", 0, "/v2/", nil), ("/v2", 0, "/v2", nil),
            ("/", 0, "/", nil), ("/artifacts-uploads/1?ns=own", 0, "/artifacts-uploads/1?ns=own", nil),
            ("/v2/_catalog", 0, "/v2/_catalog", nil),
            ("/v2/other.io/a/manifests/1", 0, "/v2/other.io/a/manifests/1", nil),
        ] as [(String, Int, String, String?)])
    func byPathElseTheDefault(target: String, index: Int, upstream: String, host: String?) throws {
        let route = UpstreamRoute(index: index, target: upstream, selector: RegistrySelector(host: host))
        #expect(try upstreams().select(target: target, listener: 0) == .upstream(route))
    }

    @Test(arguments: [
        ("/quay.io/v2/org/app/manifests/1", "/v2/org/app/manifests/1"), ("/quay.io/v2/", "/v2/"),
        ("/quay.io/artifacts-uploads/1?x", "/artifacts-uploads/1?x"),
    ])
    func byAHostBeforeTheWholePath(target: String, upstream: String) throws {
        let route = UpstreamRoute(
            index: 1, target: upstream, selector: RegistrySelector(host: "quay.io", isBeforeRoot: true))
        #expect(try upstreams(defaultTo: nil).select(target: target, listener: 0) == .upstream(route))
    }

    @Test func theHostIsTakenOffThePathWhateverElseSelectsIt() throws {
        let target = "/v2/quay.io/org/app/manifests/1"
        let named = try upstreams().select(target: target + "?ns=quay.io", listener: 0)
        let both = RegistrySelector(host: "quay.io", namespace: "quay.io")
        #expect(named == .upstream(UpstreamRoute(index: 1, target: "/v2/org/app/manifests/1", selector: both)))
        let listened = try upstreams(listeners: [1: 1]).select(target: target, listener: 1)
        let path = RegistrySelector(host: "quay.io")
        #expect(listened == .upstream(UpstreamRoute(index: 1, target: "/v2/org/app/manifests/1", selector: path)))
    }

    @Test(arguments: [
        ("app/manifests/1", "library/app/manifests/1"), ("app/tags/list", "library/app/tags/list"),
        ("app/blobs/sha256:0", "library/app/blobs/sha256:0"), ("app/blobs/uploads/", "library/app/blobs/uploads/"),
        ("app/blobs/uploads/1", "library/app/blobs/uploads/1"),
        ("app/referrers/sha256:0", "library/app/referrers/sha256:0"),
        // Names that have a component more than it seems, and no name at all.
        ("org/app/manifests/1", "org/app/manifests/1"), ("app/manifests/manifests/1", "app/manifests/manifests/1"),
        ("blobs/uploads/blobs/uploads/", "blobs/uploads/blobs/uploads/"), ("_catalog", "_catalog"), ("", ""),
    ])
    func anOfficialImageOfDockerHubLiesBelowLibrary(path: String, upstream: String) throws {
        let set = try upstreams(defaultTo: 1)
        func target(_ text: String) -> String? {
            guard case .upstream(let route) = set.select(target: text, listener: 0) else { return nil }
            return route.target
        }
        #expect(target("/v2/docker.io/\(path)") == "/v2/\(upstream)")
        #expect(target("/v2/\(path)?ns=registry-1.docker.io") == "/v2/\(upstream)")
        // Nobody else's does.
        #expect(target("/v2/quay.io/\(path)") == "/v2/\(path)")
        #expect(target("/v2/\(path)?ns=quay.io") == "/v2/\(path)")
        #expect(target("/v2/\(path)") == "/v2/\(path)")
    }

    @Test(arguments: [
        (
            "quay.io/org/app/blobs/uploads/?mount=d&from=quay.io%2Fopen%2Fapp",
            "org/app/blobs/uploads/?mount=d&from=open%2Fapp"
        ),
        (
            "quay.io/org/app/blobs/uploads/?from=quay.io/open/app&mount=d",
            "org/app/blobs/uploads/?from=open%2Fapp&mount=d"
        ),
        ("quay.io/org/app/blobs/uploads/?mount=d&from=open/app", "org/app/blobs/uploads/?mount=d&from=open/app"),
        ("org/app/blobs/uploads/?ns=quay.io&mount=d&from=quay.io/a", "org/app/blobs/uploads/?mount=d&from=a"),
        // Another registry's blob cannot be mounted; the registry takes it for unknown.
        ("quay.io/org/app/blobs/uploads/?mount=d&from=docker.io/a", "org/app/blobs/uploads/?mount=d&from=docker.io/a"),
        ("docker.io/b/app/blobs/uploads/?mount=d&from=docker.io/a", "b/app/blobs/uploads/?mount=d&from=library%2Fa"),
        ("quay.io/org/app/manifests/1?from=quay.io/a", "org/app/manifests/1?from=quay.io/a"),
    ])
    func aBlobIsMountedFromARepositoryOfTheRegistry(path: String, upstream: String) throws {
        guard case .upstream(let route) = try upstreams().select(target: "/v2/\(path)", isWrite: true, listener: 0)
        else {
            Issue.record("refused")
            return
        }
        #expect(route.target == "/v2/\(upstream)")
    }

    @Test func byListenerBeforeThePath() throws {
        let set = try upstreams(listeners: [1: 2])
        let target = "/v2/quay.io/app/manifests/1"
        #expect(set.select(target: target, listener: 1) == .upstream(UpstreamRoute(index: 2, target: target)))
        #expect(
            set.select(target: target, listener: 0)
                == .upstream(
                    UpstreamRoute(index: 1, target: "/v2/app/manifests/1", selector: RegistrySelector(host: "quay.io")))
        )
    }

    @Test func withoutADefaultOnlyTheVersionIsAnswered() throws {
        let set = try upstreams(defaultTo: nil)
        #expect(set.select(target: "/v2/", listener: 0) == .version)
        for target in ["/v2/app/manifests/1", "/v2/_catalog", "/", "/artifacts-uploads/1?ns=own"] {
            #expect(set.select(target: target, listener: 0) == .refused(.noUpstream(known: Self.names)))
        }
    }

    /// Engines say which registry they pull from, and not which one they push to.
    @Test func aWriteThatSelectsNothingIsRefusedWhereThereAreSeveral() throws {
        let set = try upstreams(listeners: [1: 0])
        let target = "/v2/org/app/blobs/uploads/"
        #expect(set.select(target: target, isWrite: true, listener: 0) == .refused(.unnamedWrite(known: Self.names)))
        #expect(set.select(target: target, listener: 0) == .upstream(UpstreamRoute(index: 0, target: target)))
        // The listener, the path, or the namespace selects.
        let listened = set.select(target: target, isWrite: true, listener: 1)
        #expect(listened == .upstream(UpstreamRoute(index: 0, target: target)))
        for selecting in [
            "/v2/quay.io/org/app/blobs/uploads/", target + "?ns=quay.io", "/artifacts-uploads/1?ns=quay.io",
        ] {
            guard case .upstream(let route) = set.select(target: selecting, isWrite: true, listener: 0) else {
                Issue.record("refused: \(selecting)")
                continue
            }
            #expect(route.index == 1)
        }
        let meant = try upstreams(takesUnnamedWrites: true)
        #expect(
            meant.select(target: target, isWrite: true, listener: 0)
                == .upstream(UpstreamRoute(index: 0, target: target)))
        let alone = try UpstreamSet([.init(hosts: [try #require(RegistryHost("quay.io"))])])
        #expect(
            alone.select(target: target, isWrite: true, listener: 0)
                == .upstream(UpstreamRoute(index: 0, target: target)))
    }

    @Test func whatIsAdvisedWouldWork() throws {
        let set = try UpstreamSet([
            .init(hosts: [try #require(RegistryHost("10.0.0.5:5000"))], isDefault: true, takesPrefix: false),
            .init(hosts: [try #require(RegistryHost("quay.io"))]),
        ])
        let write = set.select(target: "/v2/a/blobs/uploads/", isWrite: true, listener: 0)
        #expect(write == .refused(.unnamedWrite(known: ["quay.io"])))
        let unknown = set.select(target: "/v2/a/manifests/1?ns=docker.io", listener: 0)
        #expect(unknown == .refused(.unknownNamespace("docker.io", known: ["10.0.0.5:5000", "quay.io"])))
    }

    @Test func whatIsRefusedSaysWhatToDo() {
        let write = UpstreamSet.Refusal.unnamedWrite(known: ["quay.io"])
        #expect(write.status == .forbidden && write.error.code == .denied)
        #expect(write.description.contains("quay.io") && write.description.contains("\(RegistrySetting.pushDefault)"))
        let unknown = UpstreamSet.Refusal.unknownNamespace("a.example", known: ["quay.io"])
        #expect(unknown.status == .notFound && unknown.error.code == .nameUnknown)
        #expect(unknown.description.contains("quay.io") && unknown.description.contains("\(RegistrySetting.registry)"))
        #expect(UpstreamSet.Refusal.ambiguousNamespace.status == .badRequest)
    }

    @Test func oneAloneServesEverythingUnderItsOwnNames() throws {
        let host = try #require(RegistryHost("10.0.0.5:5000"))
        let set = try UpstreamSet([.init(hosts: [host], takesPrefix: false)])
        for target in ["/v2/10.0.0.5:5000/app/manifests/1", "/v2/app/manifests/1", "/anything?ns=x"] {
            #expect(set.select(target: target, listener: 3) == .upstream(UpstreamRoute(index: 0, target: target)))
        }
        for value in ["docker.io", "registry.example:443", "%zz"] {
            let selection = set.select(target: "/v2/a/b?n=1&ns=\(value)", listener: 0)
            #expect(selection == .upstream(UpstreamRoute(index: 0, target: "/v2/a/b?n=1")))
        }
    }

    @Test func oneAloneThatWasGivenNamesServesThose() throws {
        let set = try UpstreamSet([.init(hosts: [try #require(RegistryHost("quay.io"))])])
        let unknown = set.select(target: "/v2/a/b?ns=docker.io", listener: 0)
        #expect(unknown == .refused(.unknownNamespace("docker.io", known: ["quay.io"])))
        let target = "/v2/a/manifests/1"
        #expect(set.select(target: target, listener: 0) == .upstream(UpstreamRoute(index: 0, target: target)))
    }

    /// What is placed here leads to the same registry, as the same path, by the same way.
    @Test(arguments: [
        "/v2/org/app/manifests/1?ns=quay.io", "/v2/quay.io/org/app/manifests/1", "/quay.io/v2/org/app/manifests/1",
        "/v2/quay.io/org/app/manifests/1?ns=quay.io", "/v2/org/app/manifests/1", "/v2/docker.io/app/manifests/1",
    ])
    func whatIsPlacedIsSelectedAgain(target: String) throws {
        let set = try upstreams(takesUnnamedWrites: true)
        guard case .upstream(let first) = set.select(target: target, listener: 0) else {
            Issue.record("refused")
            return
        }
        let base = try UpstreamURL("https://upstream.example")
        for path in [
            "/v2/org/app/blobs/uploads/1?_state=x", "/v2/", "/v2/_catalog?last=a", "/artifacts-uploads/1?a=b", "/",
        ] {
            let references = ReferenceRewriter(base: base, target: first.target, selector: first.selector)
            for reference in [path, "https://upstream.example\(path)"] {
                let here = references.rewrite(reference: reference)
                guard case .upstream(let again) = set.select(target: here, isWrite: true, listener: 0) else {
                    Issue.record("refused: \(here)")
                    continue
                }
                #expect(again.index == first.index && again.target == path)
                #expect(
                    again.selector.namespace == first.selector.namespace && again.selector.host == first.selector.host)
            }
        }
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

    @Test(
        arguments: [
            ("quay.io", "quay.io"), ("Quay.IO.", "quay.io"), ("quay.io:443", "quay.io"), ("quay.io.:80", "quay.io"),
            ("quay.io:", "quay.io"), ("quay.io:5000", "quay.io:5000"), ("localhost:5000", "localhost:5000"),
            ("[::1]:443", "[::1]"), ("[::1]:5000", "[::1]:5000"), ("[::1]", "[::1]"), ("::1", "::1"),
            ("index.docker.io:443", "docker.io"), ("registry-1.docker.io.", "docker.io"), ("10.0.0.5:80", "10.0.0.5"),
            ("", nil), (".", nil), (":443", nil), ("a/b", nil), ("a b", nil), ("\u{e9}.example", nil),
        ] as [(String, String?)])
    func aHostHasOneSpelling(text: String, host: String?) {
        #expect(RegistryHost(text)?.text == host)
    }
}
