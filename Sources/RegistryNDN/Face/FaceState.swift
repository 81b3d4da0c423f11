/// Whether packets can pass.
public enum FaceState: String, Hashable, Sendable {
    /// Packets can be sent and received.
    case up
    /// A persistent face without a connection: it is being made (again), packets are dropped meanwhile.
    case down
    /// The face is gone for good.
    case closed
}
