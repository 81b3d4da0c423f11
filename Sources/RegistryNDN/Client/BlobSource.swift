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
    /// - Parameters:
    ///   - hint: octets that the blob is believed to have.
    ///   - repair: where faulty segments come from instead; nil when a faulty segment ends the stream.
    /// - Returns: the stream, once the blob's size is known.
    func open(
        _ blob: BlobName, range: BlobRange, size hint: UInt64?, repair: BlobRepair?
    ) async throws(FetchError) -> any BlobStream {
        try await network.stream(blob.name, range: range, size: hint, repair: repair)
    }

    /// Whether the producer answers. Ours answers a ping, and for the metadata of a blob that it does not have; every one that
    /// has the blob answers for its first segment. But a cache on the way does that too when some of the blob came before.
    func probe(_ probe: PathProbe) async -> Bool {
        if let probeName { return await network.probe(probeName) }
        async let ping = network.probe(.ping(probe.blob.prefix, number: .random(in: .min ... .max)))
        async let metadata = network.probe(probe.blob.metadataName)
        async let segment = probe.hasBegun ? false : network.probe(probe.blob.name.appending(.segment(0)))
        let answers = await [ping, metadata, segment]
        return answers.contains(true)
    }
}

/// The failure of a path: what it is asked for until it works again.
struct PathProbe: Hashable, Sendable {
    let blob: BlobName
    /// Some of the blob came before the path failed, and may be in a cache.
    let hasBegun: Bool
}
