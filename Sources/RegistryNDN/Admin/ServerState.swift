/// What a server shows of itself; the counters begin with the program.
package struct ServerState: Codable, Hashable, Sendable {
    package var origin = ""
    package var prefixes: [Prefix] = []
    package var listeners: [String] = []
    package var uplink: Uplink?
    package var interests: UInt64 = 0
    package var data: UInt64 = 0
    package var cacheHits: UInt64 = 0
    package var registryReads: UInt64 = 0
    package var registryBytes: UInt64 = 0
    package var registryFailures: UInt64 = 0
    package var evictions: UInt64 = 0
    package var signatures: UInt64 = 0
    /// Interests over the limits of their source, and reads that were given up.
    package var limited: UInt64 = 0
    package var shed: UInt64 = 0
    package var cacheBytes = 0
    package var cacheCapacityBytes = 0
    package var waitingInterests = 0
    package var faces = 0

    package init() {}

    package struct Prefix: Codable, Hashable, Sendable {
        package var name: String
        /// nil where it needs not to be registered.
        package var isRegistered: Bool?
    }

    package struct Uplink: Codable, Hashable, Sendable {
        package var uri: String
        package var isUp: Bool
        package var trouble: String?
    }
}
