/// What a forwarder shows of itself; the counters begin with the program.
package struct ForwarderState: Codable, Hashable, Sendable {
    package var interests: UInt64 = 0
    package var data: UInt64 = 0
    package var nacks: UInt64 = 0
    package var drops: UInt64 = 0
    package var satisfied: UInt64 = 0
    package var unsatisfied: UInt64 = 0
    package var csHits: UInt64 = 0
    package var csMisses: UInt64 = 0
    package var csPackets = 0
    package var csBytes = 0
    package var csCapacityBytes = 0
    package var pitEntries = 0
    package var pitCapacityEntries = 0
    /// The first ones by number; `faceCount` says how many there are.
    package var faces: [Face] = []
    package var faceCount = 0
    /// The first ones by name; `routeCount` says how many there are.
    package var routes: [Route] = []
    package var routeCount = 0

    package init() {}

    package struct Face: Codable, Hashable, Sendable {
        package var id: UInt64
        package var uri: String
        package var inInterests: UInt64
        package var inData: UInt64
        package var inBytes: UInt64
        package var outInterests: UInt64
        package var outData: UInt64
        package var outBytes: UInt64
        /// Whether it answers as a next hop: `untried`, `answers`, `silent`, `refuses` or `down`; nil for a face that is none.
        package var health: String?

        package init(
            id: UInt64, uri: String, inInterests: UInt64, inData: UInt64, inBytes: UInt64, outInterests: UInt64,
            outData: UInt64, outBytes: UInt64, health: String? = nil
        ) {
            (self.id, self.uri) = (id, uri)
            (self.inInterests, self.inData, self.inBytes) = (inInterests, inData, inBytes)
            (self.outInterests, self.outData, self.outBytes) = (outInterests, outData, outBytes)
            self.health = health
        }
    }

    /// Where Interests below a prefix go.
    package struct Route: Codable, Hashable, Sendable {
        package var prefix: String
        package var faces: [UInt64]

        package init(prefix: String, faces: [UInt64]) {
            (self.prefix, self.faces) = (prefix, faces)
        }
    }
}
