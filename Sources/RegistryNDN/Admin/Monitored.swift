/// A program that can be asked how it is.
package protocol Monitored: Sendable {
    /// Whether requests are served. Asks the event loop that serves them, so that the answer comes only while that one lives.
    func readiness() async -> Readiness

    /// Writes what has been counted up to now.
    func write(to text: inout MetricsText) async

    /// Fills in what its page shows: its health, and the part of its kind.
    func write(to state: inout ProgramState) async
}

/// Whether a program serves.
package enum Readiness: Hashable, Sendable {
    case ready
    /// It serves, but not as it should; says why.
    case degraded(String)
    /// It does not serve; says why.
    case notReady(String)

    /// Whether requests are served, as they should or not.
    var isServing: Bool { if case .notReady = self { false } else { true } }
}
