/// What the forwarding core knows of a face.
package struct FaceRecord {
    /// For whom the forwarder keeps a face connected to another host.
    package enum Keeping: Sendable {
        /// The operator: root and the forwarder's user.
        case operators
        /// All programs of this machine, one of which had it made.
        case programs
    }

    /// Whether `/localhost` is reachable over it.
    var isLocal: Bool
    /// Whether its commands may be about other faces than itself.
    let isTrusted: Bool
    /// Number of its host, see `PendingShares`.
    let host: Int
    /// Whether packets can be sent. A face that is not kept goes when it is not up.
    var isUp = true
    /// Who may command about it, when the forwarder keeps it connected; nil for one that its program made.
    var keeping: Keeping?
    /// Whether what is sent there is answered.
    var health = HopHealth()
}
