package import NDN
internal import NIOCore
internal import Synchronization

/// What can be read of a running forwarder from outside its event loop.
package final class ForwarderGauge: Sendable {
    private enum State {
        case starting
        case running(NIOLoopBound<Forwarder>)
        case ending
    }

    /// What the forwarder says.
    package enum Reading: Sendable {
        /// It does not listen yet.
        case starting
        case running(ForwarderStatistics)
        case ending
    }

    private let state = Mutex(State.starting)

    package init() {}

    /// The forwarder listens.
    func begin(_ forwarder: NIOLoopBound<Forwarder>) { state.withLock { $0 = .running(forwarder) } }

    /// The program ends: its event loop is not asked any more.
    func end() { state.withLock { $0 = .ending } }

    /// Its faces, and where Interests below each prefix go; nil while it does not run. Comes back from its event loop too.
    package func tables() async -> (faces: [FaceStatus], routes: [RibEntry])? {
        guard case .running(let forwarder) = state.withLock({ $0 }) else { return nil }
        return try? await forwarder.eventLoop.submit { (forwarder.value.faceStatuses, forwarder.value.routes) }.get()
    }

    /// Comes back from the forwarder's event loop.
    package func read() async -> Reading {
        switch state.withLock({ $0 }) {
        case .starting: return .starting
        case .ending: return .ending
        case .running(let forwarder):
            guard let statistics = try? await forwarder.eventLoop.submit({ forwarder.value.statistics }).get() else {
                return .ending
            }
            return .running(statistics)
        }
    }
}
