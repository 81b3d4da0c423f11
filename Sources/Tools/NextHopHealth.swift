import NDN

/// Whether next hops answer, as `routes` and `faces` list it.
enum NextHopHealth {
    static let discussion = """
        HEALTH says whether a next hop answers, where the forwarder is registry-ndn's: answers; untried, while nothing has come from \
        it yet; silent, when it was sent something and nothing comes; refuses, when it refuses what another next hop may have; down, \
        without a connection, or where no program listens.
        """

    /// - Parameter health: nil where the forwarder says nothing.
    static func word(_ health: FaceStatus.Health?) -> String { health.map { "\($0)" } ?? "-" }
}
