internal import NIOCore

/// Blobs through one NDN router, which need not be there from the start.
public struct RouterBlobSource: BlobSource {
    private let fetcher: BlobFetcher
    private let probeName: Name?

    /// - Parameter probeName: asked for instead of the failed blob when the path is probed.
    public init(fetcher: BlobFetcher, probeName: Name? = nil) {
        self.fetcher = fetcher
        self.probeName = probeName
    }

    public func open(_ blob: BlobName, range: BlobRange) async throws(FetchError) -> any BlobStream {
        try await fetcher.open(blob.name, range: range)
    }

    /// A producer that has the blob answers for its first segment; ours answers for the metadata of one that it has not.
    public func probe(_ blob: BlobName) async -> Bool {
        if let probeName { return await fetcher.probe(probeName) }
        async let segment = fetcher.probe(blob.name.appending(.segment(0)))
        async let metadata = fetcher.probe(blob.metadataName)
        let answers = await (segment, metadata)
        return answers.0 || answers.1
    }
}
