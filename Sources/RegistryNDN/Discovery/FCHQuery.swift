internal import NDN

/// A question to an NDN-FCH service, which routers are near (docs/protocol.md 12).
package struct FCHQuery: Hashable, Sendable {
    /// The service that is asked when nobody names another.
    package static let defaultURL = "https://fch.ndn.today/"

    /// Where the service is.
    package let base: UpstreamURL
    /// Parameters that stand in the URL already: `network=ndn`.
    private let given: String
    /// How many routers are wanted.
    package var count = 4
    /// What they must be capable of.
    package var capabilities = ["udp"]
    /// Latitude and longitude in degrees; nil: as the service guesses it from the address.
    package var position: Position?

    /// A place on the globe, degrees.
    package struct Position: Hashable, Sendable {
        package var latitude: Double
        package var longitude: Double

        package init?(latitude: Double, longitude: Double) {
            guard (-90.0...90).contains(latitude), (-180.0...180).contains(longitude) else { return nil }
            self.latitude = latitude
            self.longitude = longitude
        }
    }

    /// - Parameter url: of the service; its query, if any, is kept.
    package init(url: String) throws(UpstreamError) {
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        base = try UpstreamURL(String(parts[0]))
        given = parts.count > 1 ? String(parts[1]) : ""
        guard given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }) else {
            throw UpstreamError(.url, "\"\(url)\": only printable ASCII and no fragment is allowed in a query")
        }
    }

    /// Path and query of the request, after the path of `base`.
    var target: String {
        var parameters = given.isEmpty ? [] : [given]
        parameters += capabilities.map { "cap=\(PercentEncoding.encode($0.utf8))" }
        parameters.append("k=\(count)")
        if let position { parameters += ["lat=\(position.latitude)", "lon=\(position.longitude)"] }
        return (base.path.isEmpty ? "/?" : "?") + parameters.joined(separator: "&")
    }
}
