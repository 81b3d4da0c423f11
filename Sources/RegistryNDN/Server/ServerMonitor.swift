internal import NDN
internal import NIOCore
internal import Synchronization

/// How the server is, for those who watch it.
package final class ServerMonitor: Monitored {
    private enum State {
        case starting
        case running(NIOLoopBound<ServerFaces>)
        case ending
    }

    private let state = Mutex(State.starting)

    package init() {}

    /// The server listens where it shall, and connects to its uplink.
    func begin(_ faces: NIOLoopBound<ServerFaces>) { state.withLock { $0 = .running(faces) } }

    /// The program ends: its event loops are not asked any more.
    func end() { state.withLock { $0 = .ending } }

    package func readiness() async -> Readiness {
        switch state.withLock({ $0 }) {
        case .starting: return .notReady("the server does not listen yet, and has no uplink")
        case .ending: return .notReady("the server is ending")
        case .running(let faces):
            let readiness = try? await faces.eventLoop.submit { faces.value.readiness }.get()
            return readiness ?? .notReady("the server is ending")
        }
    }

    package func write(to text: inout MetricsText) async {
        guard case .running(let faces) = state.withLock({ $0 }),
            let (statistics, readiness) = try? await faces.eventLoop.submit({
                (faces.value.producer.statistics, faces.value.readiness)
            }).get()
        else { return }
        statistics.write(to: &text)
        text.gauge(
            "registry_ndn_server_ready", "Whether the prefix is registered at the uplink, or needs none.",
            [.init(readiness.isServing)])
    }

    package func write(to state: inout ProgramState) async {
        state.program = "server"
        state.server = ServerState()
        switch await readiness() {
        case .ready: break
        case .degraded(let why):
            state.health = .init(
                .degraded, summary: "Cannot read from the registry", reason: why,
                remedy:
                    "look whether it runs and answers this machine: `registry-ndn doctor server` with the server's options tells"
            )
        case .notReady(let why): state.health = .init(.notReady, reason: why)
        }
        guard case .running(let faces) = self.state.withLock({ $0 }),
            let server = try? await faces.eventLoop.submit({ faces.value.state }).get()
        else { return }
        state.server = server
        if state.health.state == .notReady { state.health.remedy = server.remedy }
    }
}

extension ServerState {
    /// What to do about an uplink that does not serve.
    fileprivate var remedy: String? {
        guard let uplink else { return nil }
        return uplink.isUp
            ? "look whether the forwarder accepts registrations from here: the log has its answer"
            : "start the forwarder, or name another one by \(Setting.uplink)"
    }
}
