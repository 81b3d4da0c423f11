import RegistryNDN
import Testing

@testable import registry_ndn

@Suite("What engines are told")
struct EngineRecipeTests {
    private static let usual = EngineEndpoint(isSecure: false, address: ListenArgument(host: "127.0.0.1", port: 5000))
    private static let old = DockerFacts(release: "20.10.24+dfsg1", hasContainerdStore: false, mirrors: [])
    private static let new = DockerFacts(release: "28.5.2", hasContainerdStore: true, mirrors: [])
    private static let graph = DockerFacts(release: "28.5.2", hasContainerdStore: false, mirrors: [])

    private func recipe(
        _ engine: Engine, _ registries: [String] = [], at endpoint: EngineEndpoint = usual,
        files: [String: String] = [:],
        docker: DockerFacts? = nil, containerd: String? = nil, home: String? = nil, reader: String? = nil,
        certificates: Set<String> = [],
        answer: EndpointQuestion.Answer? = nil
    ) throws -> EngineRecipe {
        var state = EngineState(files: files, certificates: certificates, docker: docker)
        state.places.home = home
        state.places.reader = reader ?? home
        state.containerd = containerd.map(ContainerdFacts.init)
        let led = try registries.map(LedRegistry.parse)
        for one in [endpoint] + led.map({ $0.endpoint(endpoint) }) { state.answers[one] = answer }
        return EngineRecipe(engine, led, endpoint, state)
    }

    @Test("earlier Docker gets mirrors of Docker Hub alone, and says so of others")
    func oldDocker() throws {
        for facts in [Self.old, Self.graph] {
            let hub = try recipe(.docker, docker: facts)
            #expect(hub.files.map(\.path) == ["/etc/docker/daemon.json"])
            #expect(hub.files[0].text.contains("\"registry-mirrors\": [\"http://127.0.0.1:5000\"]"))
            #expect(hub.notes.contains { $0.contains("must serve Docker Hub") })
        }
        let own = try recipe(.docker, ["docker.io=127.0.0.1:5002", "quay.io"], docker: Self.old)
        #expect(own.files[0].text.contains("[\"http://127.0.0.1:5002\"]"))
        #expect(own.notes.contains { $0.contains("pull images of quay.io as 127.0.0.1:5000/quay.io/REPOSITORY") })
        let other = try recipe(.docker, ["quay.io"], docker: Self.old)
        #expect(other.files.isEmpty && other.notes.count == 1)
    }

    @Test("Docker 28 with containerd's store gets hosts.toml, for all registries or for those that are named")
    func newDocker() throws {
        let all = try recipe(.docker, docker: Self.new)
        #expect(all.files.map(\.path) == ["/etc/docker/certs.d/_default/hosts.toml"] && all.files[0].isOwn)
        #expect(HostsFile.hosts(in: all.files[0].text) == ["http://127.0.0.1:5000"])
        let named = try recipe(.docker, ["quay.io", "docker.io=127.0.0.1:5002"], docker: Self.new)
        #expect(named.files.map(\.path) == ["quay.io", "docker.io"].map { "/etc/docker/certs.d/\($0)/hosts.toml" })
        #expect(HostsFile.hosts(in: named.files[1].text) == ["http://127.0.0.1:5002"])
    }

    @Test("Docker of which nothing is known gets what either kind reads")
    func unknownDocker() throws {
        let both = try recipe(.docker)
        #expect(both.files.map(\.path) == ["/etc/docker/certs.d/_default/hosts.toml", "/etc/docker/daemon.json"])
    }

    @Test("plain HTTP beyond 127.0.0.0/8 is allowed in Docker's settings, and nothing where it is needless")
    func insecure() throws {
        let far = EngineEndpoint(isSecure: false, address: ListenArgument(host: "192.0.2.7", port: 5000))
        let plain = try recipe(.docker, at: far, docker: Self.new)
        #expect(plain.files.last?.text.contains("\"insecure-registries\": [\"192.0.2.7:5000\"]") == true)
        let secure = EngineEndpoint(isSecure: true, address: far.address)
        #expect(try recipe(.docker, at: secure, docker: Self.new).files.count == 1)
    }

    @Test("what keeps it from being done is said, and nothing is planned for that file")
    func obstacles() throws {
        let broken = try recipe(.docker, files: ["/etc/docker/daemon.json": "{\n  debug\n}"], docker: Self.old)
        #expect(
            broken.obstacles.contains { $0.contains("/etc/docker/daemon.json, line 2, column 3") }
                && broken.files.isEmpty)
        let guarded = try recipe(.containerd, ["quay.io"], certificates: ["quay.io"])
        #expect(guarded.obstacles.contains { $0.contains("has certificates") } && guarded.files.isEmpty)
    }

    @Test("all registries are asked for only at a client that tells them apart")
    func everyRegistry() throws {
        for (engine, docker) in [(Engine.docker, Self.new), (.containerd, nil), (.k3s, nil)] {
            let open = try recipe(engine, docker: docker, answer: .any)
            #expect(open.obstacles.count == 1 && open.obstacles[0].contains("serves one registry"))
            #expect(try recipe(engine, ["quay.io"], docker: docker, answer: .any).obstacles.isEmpty)
            let closed = try recipe(engine, docker: docker, answer: .given([], unnamed: false))
            #expect(closed.obstacles.isEmpty && closed.notes.isEmpty)
            #expect(try recipe(engine, docker: docker).notes.contains { $0.contains("no client answers now") })
        }
    }

    @Test("Docker gets a mirror of Docker Hub alone from a client that serves it to requests without a name")
    func mirrorOfDockerHub() throws {
        let hub = try #require(RegistryHost("docker.io"))
        for (answer, words) in [
            (EndpointQuestion.Answer.any, "serves one registry"),
            (.given([], unnamed: true), "does not serve Docker Hub"),
            (.given([hub], unnamed: false), "requests that name no registry"), (.stranger, "is no registry-ndn client"),
        ] {
            let refused = try recipe(.docker, docker: Self.old, answer: answer)
            #expect(refused.obstacles.count == 1 && refused.obstacles[0].contains(words), "\(refused.obstacles)")
        }
        #expect(try recipe(.docker, docker: Self.old, answer: .given([hub], unnamed: true)).obstacles.isEmpty)
        // Whoever names it knows that its one registry is Docker Hub.
        #expect(try recipe(.docker, ["docker.io=127.0.0.1:5002"], docker: Self.old, answer: .any).obstacles.isEmpty)
        // What a release gets that may read hosts.toml is not given up for the mirror.
        let either = try recipe(.docker, answer: .given([], unnamed: true))
        #expect(either.obstacles.isEmpty && either.files.map(\.path) == ["/etc/docker/certs.d/_default/hosts.toml"])
    }

    @Test("who names a registry hears when the client does not serve it, or is none")
    func namedRegistry() throws {
        for engine in Engine.allCases {
            let unserved = try recipe(engine, ["quay.io"], docker: Self.new, answer: .given([], unnamed: false))
            #expect(unserved.notes.contains { $0.contains("does not serve quay.io") } && unserved.obstacles.isEmpty)
            let other = try recipe(engine, ["quay.io"], docker: Self.new, answer: .stranger)
            #expect(other.obstacles.count == 1 && other.obstacles[0].contains("is no registry-ndn client"))
        }
    }

    @Test("containerd's config_path is printed where it is not set, in the form of its release")
    func containerd() throws {
        let folder = "\"/etc/containerd/certs.d\""
        let second = try recipe(.containerd, ["quay.io"], containerd: "version = 3\n")
        #expect(second.snippets.map(\.path) == ["/etc/containerd/config.toml"])
        #expect(second.snippets[0].text.contains("[plugins.\"io.containerd.transfer.v1.local\"]"))
        let first = try recipe(
            .containerd, containerd: "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry]\nconfig_path = ''")
        #expect(
            first.snippets[0].text.contains("io.containerd.grpc.v1.cri")
                && !first.snippets[0].text.contains("version = 3"))
        for plugin in ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images"] {
            let set = "[plugins.'\(plugin)'.registry]\n  config_path = \(folder)\n"
            #expect(try recipe(.containerd, containerd: set).snippets.isEmpty)
        }
    }

    @Test("podman gets one file, which is a user's own for users")
    func podman() throws {
        let text = try recipe(.podman, ["quay.io", "docker.io=127.0.0.1:5002"]).files[0].text
        let entries = RegistriesFile.entries(in: text)
        #expect(entries.map(\.prefix) == ["127.0.0.1:5000", "127.0.0.1:5002", "quay.io", "docker.io"])
        #expect(entries.map(\.mirrors) == [[], [], ["127.0.0.1:5000/quay.io"], ["127.0.0.1:5002"]])
        #expect(text.hasSuffix("insecure = true\n") && !text.hasSuffix("\n\n"))
        let secure = EngineEndpoint(isSecure: true, address: Self.usual.address)
        #expect(try !recipe(.podman, ["quay.io"], at: secure).files[0].text.contains("insecure"))
        let user = try recipe(.podman, home: "/home/u")
        #expect(user.files.map(\.path) == ["/home/u/.config/containers/registries.conf.d/registry-ndn.conf"])
    }

    @Test("who has a main file of their own is told where podman does not read what is written")
    func ownMainFile() throws {
        let main = ["/root/.config/containers/registries.conf": ""]
        let blind = try recipe(.podman, ["quay.io"], files: main, reader: "/root")
        #expect(blind.notes.count == 1 && blind.notes[0].contains("nothing of \(blind.files[0].path)"))
        #expect(try recipe(.podman, ["quay.io"], reader: "/root").notes.isEmpty)
        #expect(try recipe(.podman, ["quay.io"], files: main, home: "/root").notes.isEmpty)
    }

    @Test("an entry of somebody else's of the same registry keeps it from being done: one of the two would count")
    func otherEntries() throws {
        let entry = "[[registry]]\nlocation = 'quay.io'\n"
        let folder = "/etc/containers/registries.conf.d"
        for path in ["\(folder)/z.conf", "\(folder)/a.conf", "/etc/containers/registries.conf"] {
            #expect(try recipe(.podman, ["quay.io"], files: [path: entry]).obstacles.count == 1)
            #expect(try recipe(.podman, ["ghcr.io"], files: [path: entry]).obstacles.isEmpty)
        }
        #expect(try recipe(.podman, ["quay.io"], files: ["\(folder)/registry-ndn.conf": entry]).obstacles.isEmpty)
    }

    @Test("lines for files of others are printed unless they are there")
    func snippets() throws {
        for engine in [Engine.buildkit, .k3s] {
            for registries in [[], ["quay.io", "registry.example:5000=127.0.0.1:5001"]] {
                let first = try recipe(engine, registries)
                #expect(first.files.isEmpty && first.snippets.count == 1)
                let snippet = first.snippets[0]
                #expect(try recipe(engine, registries, files: [snippet.path: snippet.text]).snippets.isEmpty)
            }
        }
    }

    @Test(
        "registries and addresses that are none are refused",
        arguments: [
            "..", ".", "a/b", "", "[..]:5000", "[]", "[::1", "[127.0.0.1]:5000", "[::1]x", "a[b]", "-a", "quay.io=",
            "quay.io=127.0.0.1:5000/x", "quay.io=ftp://a:1",
        ])
    func registries(text: String) {
        #expect(throws: (any Error).self) { try LedRegistry.parse(text) }
    }

    @Test("an address of IPv6 is a name of a registry, as containerd names its folder")
    func addressOfIPv6() throws {
        let file = try recipe(.containerd, ["[::1]:5000=127.0.0.1:5001"]).files[0]
        #expect(file.path == "/etc/containerd/certs.d/[::1]:5000/hosts.toml" && file.text.contains("127.0.0.1:5001"))
    }

    @Test("an address is meant however it is spelled")
    func meant() {
        for place in ["http://127.0.0.1:5000", "http://127.0.0.1:5000/", "127.0.0.1:5000/quay.io", "localhost:5000"] {
            let local = EngineEndpoint(isSecure: false, address: ListenArgument(host: "localhost", port: 5000))
            #expect(local.isMeant(by: place))
        }
        #expect(!Self.usual.isMeant(by: "http://127.0.0.1:5001") && !Self.usual.isMeant(by: "quay.io"))
        let any = EngineEndpoint(isSecure: false, address: ListenArgument(host: "0.0.0.0", port: 80))
        #expect(any.isMeant(by: "http://192.0.2.7"))
    }
}
