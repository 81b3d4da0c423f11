import RegistryNDN
import Testing

@testable import registry_ndn

@Suite("Whether engines ask the client")
struct EngineExaminationTests {
    private static let endpoint = EngineEndpoint(
        isSecure: false, address: ListenArgument(host: "127.0.0.1", port: 5000))
    private static let mirror = "{\"registry-mirrors\": [\"http://127.0.0.1:5000\"]}"
    private static let hosts = HostsFile.text(leadingTo: endpoint, by: .docker)

    private enum Kind { case leads, ignored, absent, unable }

    private func verdict(
        _ engine: Engine, _ files: [String: String], docker: DockerFacts? = nil, containerd: String? = nil,
        wanted: [String] = [], served: [String] = []
    ) throws -> Kind {
        var state = EngineState(files: files, docker: docker)
        state.containerd = containerd.map(ContainerdFacts.init)
        let examination = EngineExamination(
            engine: engine, state: state, endpoints: [Self.endpoint],
            wanted: try wanted.map { try #require(RegistryHost($0)) },
            served: try served.map { try #require(RegistryHost($0)) }, options: ["--x"])
        switch examination.verdict() {
        case .leads(let words):
            #expect(words.contains("\(engine) asks http://127.0.0.1:5000 for images of "))
            return .leads
        case .ignored(_, let remedy):
            #expect(!remedy.isEmpty && remedy.contains("--x") == remedy.contains("registry-ndn setup"))
            return .ignored
        case .absent(_, let remedy):
            #expect(remedy == "registry-ndn setup \(engine) --x")
            return .absent
        case .unable(let words, let remedy):
            #expect(words.contains("Docker Hub alone") && remedy.contains("by the client's address"))
            return .unable
        }
    }

    private func facts(_ release: String, _ store: Bool?, _ mirrors: [String]?) -> DockerFacts {
        DockerFacts(release: release, hasContainerdStore: store, mirrors: mirrors)
    }

    @Test("earlier Docker asks it when the daemon that runs says so")
    func oldDocker() throws {
        let files = ["/etc/docker/daemon.json": Self.mirror]
        let read = facts("20.10.24", false, ["http://127.0.0.1:5000/"])
        let unread = facts("20.10.24", false, [])
        #expect(try verdict(.docker, files, docker: read) == .leads)
        #expect(try verdict(.docker, files, docker: read, wanted: ["docker.io"]) == .leads)
        #expect(try verdict(.docker, files, docker: read, wanted: ["quay.io"]) == .unable)
        #expect(try verdict(.docker, files, docker: read, wanted: ["quay.io", "docker.io"]) == .absent)
        #expect(try verdict(.docker, [:], docker: unread, served: ["quay.io"]) == .unable)
        #expect(try verdict(.docker, [:], docker: unread, served: ["quay.io", "docker.io"]) == .absent)
        #expect(try verdict(.docker, files, docker: unread) == .ignored)
        #expect(try verdict(.docker, [:], docker: unread) == .absent)
        #expect(try verdict(.docker, files, docker: facts("20.10.24", nil, nil)) == .leads)
        #expect(try verdict(.docker, files) == .leads && verdict(.docker, [:]) == .absent)
        #expect(try verdict(.docker, ["/etc/docker/daemon.json": "{"], docker: unread) == .ignored)
    }

    @Test("hosts.toml counts for Docker 28 with containerd's store alone")
    func newDocker() throws {
        let all = ["/etc/docker/certs.d/_default/hosts.toml": Self.hosts]
        let one = ["/etc/docker/certs.d/quay.io/hosts.toml": Self.hosts]
        let reads = facts("28.5.2", true, [])
        #expect(try verdict(.docker, all, docker: reads, wanted: ["ghcr.io"]) == .leads)
        #expect(try verdict(.docker, one, docker: reads, wanted: ["quay.io"]) == .leads)
        #expect(try verdict(.docker, one, docker: reads, wanted: ["ghcr.io"]) == .absent)
        for facts in [facts("26.1.5", true, []), facts("28.5.2", false, [])] {
            #expect(try verdict(.docker, all, docker: facts) == .ignored)
            #expect(try verdict(.docker, [:], docker: facts) == .absent)
        }
        let elsewhere = Self.hosts.replacing("127.0.0.1:5000", with: "127.0.0.1:5001")
        #expect(try verdict(.docker, ["/etc/docker/certs.d/_default/hosts.toml": elsewhere], docker: reads) == .absent)
    }

    @Test("containerd reads hosts.toml where its config_path says so")
    func containerd() throws {
        let files = ["/etc/containerd/certs.d/quay.io/hosts.toml": Self.hosts]
        let set = """
            version = 3
            [plugins.'io.containerd.cri.v1.images'.registry]
              config_path = '/x:/etc/containerd/certs.d'
            """
        #expect(try verdict(.containerd, files, containerd: set) == .leads)
        #expect(try verdict(.containerd, files, containerd: "version = 3") == .ignored)
        #expect(try verdict(.containerd, files) == .ignored)
        #expect(try verdict(.containerd, [:], containerd: set) == .absent)
    }

    @Test("of podman's files the last entry of a registry counts")
    func podman() throws {
        let own = "/etc/containers/registries.conf.d/registry-ndn.conf"
        let text = RegistriesFile.text([try LedRegistry.parse("quay.io")], Self.endpoint)
        let other = "[[registry]]\nprefix = \"quay.io\"\nlocation = \"elsewhere.example\"\n"
        #expect(try verdict(.podman, [own: text], wanted: ["quay.io"]) == .leads)
        #expect(try verdict(.podman, [own: text], wanted: ["ghcr.io"]) == .absent)
        let main = "/etc/containers/registries.conf"
        #expect(try verdict(.podman, [own: text, main: other], wanted: ["quay.io"]) == .leads)
        let later = "/etc/containers/registries.conf.d/z.conf"
        #expect(try verdict(.podman, [own: text, later: other], wanted: ["quay.io"]) == .ignored)
        #expect(try verdict(.podman, [main: text]) == .leads && verdict(.podman, [main: other]) == .absent)
    }

    @Test("what keeps podman from reading its entries is told")
    func podmanReadsElse() throws {
        let own = "/etc/containers/registries.conf.d/registry-ndn.conf"
        let text = RegistriesFile.text([try LedRegistry.parse("quay.io")], Self.endpoint)
        let folder = "/etc/containers/registries.conf.d"
        #expect(try verdict(.podman, [own: text, "\(folder)/a.conf": "[[registry"], wanted: ["quay.io"]) == .ignored)
        var state = EngineState(files: [own: text, "/root/.config/containers/registries.conf": ""])
        let quay = try #require(RegistryHost("quay.io"))
        func found() -> EngineExamination.Verdict {
            EngineExamination(
                engine: .podman, state: state, endpoints: [Self.endpoint, Self.endpoint], wanted: [quay]
            ).verdict()
        }
        guard case .leads(let words) = found() else {
            Issue.record("another user's file counts")
            return
        }
        #expect(!words.contains(" or "))
        state.places.reader = "/root"
        guard case .ignored(let why, _) = found() else {
            Issue.record("a main file of the user's own leaves the machine's out")
            return
        }
        #expect(why.contains("reads /root/.config/containers/registries.conf"))
        state.files = [
            own: text, "\(folder)/org.conf": "[[registry]]\nprefix = 'quay.io/org'\nlocation = 'quay.io/org'\n",
        ]
        guard case .leads(let most) = found() else {
            Issue.record("one organisation is not all")
            return
        }
        #expect(most.contains("but not for those of quay.io/org, which has an entry of its own in \(folder)/org.conf"))
    }

    @Test("files of BuildKit and k3s lead to it by their mirrors")
    func others() throws {
        let buildkit = "[registry.\"quay.io\"]\n  mirrors = [\n    \"127.0.0.1:5000\", # here\n  ]\n"
        #expect(try verdict(.buildkit, ["/etc/buildkit/buildkitd.toml": buildkit], wanted: ["quay.io"]) == .leads)
        #expect(try verdict(.buildkit, [:]) == .absent)
        let path = "/etc/rancher/k3s/registries.yaml"
        for text in [
            "mirrors:\n  quay.io:\n    endpoint: [\"http://127.0.0.1:5000\"]\n",
            "mirrors:\n  \"quay.io\":\n    # first\n    endpoint:\n      - http://127.0.0.1:5000 # here\n",
            "mirrors:\n  '*':\n    endpoint: ['http://127.0.0.1:5000']\n",
        ] {
            #expect(try verdict(.k3s, [path: text], wanted: ["quay.io"]) == .leads, "\(text)")
        }
        for text in [
            "mirrors:\n  quay.io:\n    endpoint: [\"https://quay.io\"] # http://127.0.0.1:5000\n",
            "configs:\n  quay.io:\n    endpoint: [\"http://127.0.0.1:5000\"]\n",
            "mirrors:\n  ghcr.io:\n    endpoint: [\"http://127.0.0.1:5000\"]\n",
        ] {
            #expect(try verdict(.k3s, [path: text], wanted: ["quay.io"]) == .absent, "\(text)")
        }
    }

    @Test("Docker says of itself which release, which store and which mirrors it has")
    func dockerFacts() {
        let graph = """
            {"ServerVersion": "20.10.24+dfsg1", "DriverStatus": [["Backing Filesystem", "extfs"]],
             "RegistryConfig": {"Mirrors": ["http://127.0.0.1:5000/"], "InsecureRegistryCIDRs": ["127.0.0.0/8"]}}
            """
        let found = DockerFacts(info: graph)
        #expect(found == facts("20.10.24+dfsg1", false, ["http://127.0.0.1:5000/"]) && found?.readsHostsFiles == false)
        let store = #"{"ServerVersion": "28.5.2", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}"#
        #expect(DockerFacts(info: store)?.readsHostsFiles == true)
        #expect(DockerFacts(info: #"{"ServerErrors": ["no daemon"]}"#) == nil && DockerFacts(info: "") == nil)
        let version = DockerFacts(version: "Docker version 28.5.2+dfsg3, build 1\n")
        #expect(version == facts("28.5.2+dfsg3", nil, nil) && version?.readsHostsFiles == .some(nil))
    }
}
