package import NDN

/// Blobs through an NDN router, or the best of several. The router need not be there from the start.
package struct BlobSource: Sendable {
    private let network: any BlobNetwork
    private let probeName: Name?

    /// - Parameter probeName: the name that a probe of the path asks for; nil for the blob that failed.
    package init(network: any BlobNetwork, probeName: Name? = nil) {
        self.network = network
        self.probeName = probeName
    }

    /// Starts to read a range of a blob.
    ///
    /// - Parameter repair: where faulty segments come from instead; nil when a faulty segment ends the stream.
    /// - Returns: the stream, once the blob's size is known.
    func open(
        _ blob: BlobName, range: BlobRange, repair: BlobRepair?
    ) async throws(FetchError) -> any BlobStream {
        try await network.stream(blob.name, range: range, repair: repair)
    }

    /// Whether the path answers anything about `blob`, a name for which it has failed before. A producer that has the blob
    /// answers for its first segment; ours answers for the metadata of one that it has not.
    func probe(_ blob: BlobName) async -> Bool {
        if let probeName { return await network.probe(probeName) }
        async let segment = network.probe(blob.name.appending(.segment(0)))
        async let metadata = network.probe(blob.metadataName)
        let answers = await (segment, metadata)
        return answers.0 || answers.1
    }
}
