internal import NDN
internal import Synchronization

/// Whether a connection may be closed without cutting a response.
final class ConnectionOccupancy: Sendable {
    private struct State {
        var isIdle = true
        var isDraining = false
    }

    private let state = Mutex(State())

    /// The connection waits for a request. Returns false when it should not: the program ends.
    func becomeIdle() -> Bool {
        state.withLock { state in
            state.isIdle = true
            return !state.isDraining
        }
    }

    func becomeBusy() { state.withLock { $0.isIdle = false } }

    /// The program ends: the response that is being written is the connection's last. Returns whether none is being written.
    func drain() -> Bool {
        state.withLock { state in
            state.isDraining = true
            return state.isIdle
        }
    }

    var isDraining: Bool { state.withLock { $0.isDraining } }
}
