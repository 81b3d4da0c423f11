import NDN
import RegistryNDN
import Testing

@testable import registry_ndn

@Suite("What doctor says of engines")
struct DoctorEnginesTests {
    private static let address = ListenArgument(host: "127.0.0.1", port: 5000)

    private func engines(
        _ registries: [MirroredRegistry] = [], listeners: [ListenerArgument] = [], all: [ListenArgument] = [address],
        hosts: [String] = [], isSecure: Bool = false
    ) -> DoctorEngines {
        DoctorEngines(registries, listeners: listeners, all: all, hosts: hosts, isSecure: isSecure)
    }

    private func registry(_ host: String, takesPrefix: Bool = true, listen: [ListenArgument] = []) throws
        -> MirroredRegistry
    {
        MirroredRegistry(
            hosts: [try #require(RegistryHost(host))], url: try UpstreamURL("http://\(host)"),
            name: try Name(uri: "/a"),
            takesPrefix: takesPrefix, listen: listen)
    }

    @Test("one that asks the client is enough, and one that does not read what it was told is a fault")
    func outcomes() throws {
        let (leads, absent) = (DoctorEngines.Verdict.leads("a"), DoctorEngines.Verdict.absent("b", remedy: "c"))
        let ignored = DoctorEngines.Verdict.ignored("d", remedy: "e")
        let engines = engines()
        #expect(engines.outcome(of: [(.docker, absent), (.podman, leads)]) == .ok("a"))
        #expect(engines.outcome(of: [(.docker, ignored), (.podman, leads)]) == .fail("d", remedy: "e"))
        // ctr reads what containerd's configuration does not name, where it is told to.
        #expect(engines.outcome(of: [(.containerd, ignored)]) == .warn("d", remedy: "e"))
        #expect(engines.outcome(of: [(.containerd, ignored), (.podman, leads)]) == .ok("a"))
        guard case .warn(let words, _) = engines.outcome(of: [(.docker, absent), (.podman, absent)]) else {
            Issue.record("no warning")
            return
        }
        #expect(words.contains("docker, podman") && words.contains("127.0.0.1:5000/REPOSITORY"))
        // What setup cannot do is not advised.
        let unable = DoctorEngines.Verdict.unable("g", remedy: "h")
        guard case .warn(let reasons, "h") = engines.outcome(of: [(.docker, unable)]),
            case .warn(_, "c") = engines.outcome(of: [(.docker, unable), (.podman, absent)])
        else {
            Issue.record("another remedy")
            return
        }
        #expect(reasons.contains("127.0.0.1:5000/REPOSITORY; g"))
        guard case .skip = engines.outcome(of: []), case .warn = engines.outcome(of: [], unseen: ["f"]) else {
            Issue.record("something else without engines")
            return
        }
    }

    @Test("setup is advised with the addresses at which the client serves each registry")
    func advice() throws {
        let one = try registry("registry.example:5000", takesPrefix: false)
        #expect(engines([one]).options == ["--registry", "registry.example:5000=http://127.0.0.1:5000"])
        let hub = try registry("docker.io", listen: [ListenArgument(host: "0.0.0.0", port: 5002)])
        let quay = try registry("quay.io")
        let listeners = [
            ListenerArgument(address: Self.address),
            ListenerArgument(address: ListenArgument(host: "127.0.0.1", port: 5001), registry: quay.hosts[0]),
        ]
        #expect(
            engines([quay, hub], listeners: listeners).options
                == ["--registry", "quay.io=http://127.0.0.1:5001", "--registry", "docker.io=http://127.0.0.1:5002"])
        let elsewhere = engines([quay], all: [ListenArgument(host: "::1", port: 443)], isSecure: true)
        #expect(elsewhere.options == ["--endpoint", "https://[::1]:443", "--registry", "quay.io"])
        #expect(
            engines(hosts: ["mirror.example"]).endpoints.map(\.authority) == ["127.0.0.1:5000", "mirror.example:5000"])
    }
}
