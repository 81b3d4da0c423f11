/// What a client shows of itself.
package struct ClientState: Codable, Hashable, Sendable {
    /// HTTP requests that are being answered.
    package var requests = 0
    /// Those that pull blobs, oldest first; `pullCount` says how many there are.
    package var pulls: [Pull] = []
    package var pullCount = 0
    /// The last ones that are over, newest first.
    package var recent: [Pull] = []
    package var registries: [Registry] = []
    package var routers: [Router] = []
    package var hour = Hour()

    package init() {}

    /// One request for a blob, or for parts of it.
    package struct Pull: Codable, Hashable, Sendable {
        /// As `request` in the log.
        package var id: String
        package var prefix: String
        package var repository: String
        package var digest: String
        /// Octets that came so far.
        package var ndnBytes: UInt64 = 0
        package var upstreamBytes: UInt64 = 0
        /// Octets that the answer will have, once that is known.
        package var size: UInt64?
        /// Since it was asked for; of one that is over, until its end.
        package var seconds: Double
        /// Why NDN did not bring it, or not all of it.
        package var fallback: String?
        /// The status of the answer; nil while it has none.
        package var status: Int?
        /// Why it was refused, or not answered to its end.
        package var failure: String?
    }

    package struct Registry: Codable, Hashable, Sendable {
        package var prefix: String
        package var url: String
        /// Whether blobs are asked for over NDN.
        package var isUp: Bool
        /// The state of the path in words.
        package var standing: String
        package var requests: UInt64
        package var ndnBytes: UInt64
        package var upstreamBytes: UInt64
        package var fallbacks: UInt64
        /// Smoothed round-trip time; nil while it is not known.
        package var roundTripSeconds: Double?
        package var windowSegments: Int
        /// Since something came over NDN; nil for never.
        package var secondsSinceNdn: Double?
    }

    package struct Router: Codable, Hashable, Sendable {
        package var uri: String
        package var isUsed: Bool
        package var isUp: Bool
        package var roundTripSeconds: Double?
        /// Why it is not used.
        package var trouble: String?
    }

    /// Octets of answers in each of the last 60 minutes, oldest first.
    package struct Hour: Codable, Hashable, Sendable {
        package var ndnBytes: [UInt64] = []
        package var upstreamBytes: [UInt64] = []

        package init() {}
    }
}
