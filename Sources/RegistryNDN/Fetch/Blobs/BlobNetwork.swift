package import NIOCore

/// What blobs are fetched from by name: one router, or the best of several.
package protocol BlobNetwork: Sendable {
    /// Starts to fetch a range of a blob; returns once its size is known.
    ///
    /// - Parameters:
    ///   - hint: octets that the blob is believed to have.
    ///   - repair: from where come segments that are faulty; nil: they end the fetch.
    func stream(
        _ blob: Name, range: BlobRange, size hint: UInt64?, repair: BlobRepair?
    ) async throws(FetchError) -> any BlobStream

    /// Whether anything answers `name` with Data within a second.
    func probe(_ name: Name) async -> Bool

    /// Whether there is a router to ask.
    func isConnected() async -> Bool

    /// The routers that are known, the one in use first.
    func routers() async -> [RouterStanding]

    /// Does what is to be done beside the fetching, until the task is cancelled.
    func run() async

    /// Ends all fetches and closes the connections.
    func shutdown() async
}

/// How a router is, for those who watch.
package struct RouterStanding: Hashable, Sendable {
    package var uri: FaceURI
    package var isUsed: Bool
    /// Whether it can be asked, as far as is known.
    package var isUp: Bool
    /// From an Interest to its answer, where that was measured.
    package var roundTrip: TimeAmount?
    /// Why it cannot be asked.
    package var trouble: String?

    package init(uri: FaceURI, isUsed: Bool, isUp: Bool, roundTrip: TimeAmount? = nil, trouble: String? = nil) {
        (self.uri, self.isUsed, self.isUp) = (uri, isUsed, isUp)
        (self.roundTrip, self.trouble) = (roundTrip, trouble)
    }
}

extension BlobNetwork {
    package func routers() async -> [RouterStanding] { [] }

    /// The same of a blob that comes from nowhere else.
    package func stream(_ blob: Name, range: BlobRange) async throws(FetchError) -> any BlobStream {
        try await stream(blob, range: range, size: nil, repair: nil)
    }
}

extension BlobFetcher: BlobNetwork {
    package func stream(
        _ blob: Name, range: BlobRange, size hint: UInt64?, repair: BlobRepair?
    ) async throws(FetchError) -> any BlobStream {
        try await open(blob, range: range, size: hint, repair: repair)
    }

    /// A connection looks after itself.
    package func run() async {}
}
