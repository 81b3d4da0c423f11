internal import NIOCore
internal import NIOHTTP1

/// A manifest that passes through on its way to whoever pulls, who is going to ask for the blobs in it.
struct PassingManifest {
    private static let types = [
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.artifact.manifest.v1+json",
    ]

    private let sizes: BlobSizes
    private let length: UInt64?
    /// What has passed; nil when it is too much, or has been read.
    private var octets: ByteBuffer? = ByteBuffer()

    /// - Returns: nil when the body of an answer is no manifest that can be read here.
    init?(_ answer: HTTPResponseHead, to method: HTTPMethod, _ sizes: BlobSizes) {
        let type = answer.headers.first(name: "content-type")?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard method == .GET, answer.status == .ok, answer.contentCoding == nil, let type, Self.types.contains(type)
        else { return nil }
        self.sizes = sizes
        length = answer.contentLength
    }

    /// To be called before the octets are passed on: whoever gets the last of them asks for the blobs at once.
    mutating func append(_ chunk: ByteBuffer) {
        octets?.writeImmutableBuffer(chunk)
        guard let count = octets?.readableBytes else { return }
        if count > BlobSizes.longestManifest { octets = nil }
        if UInt64(count) == length { end() }
    }

    /// There is no more of it.
    mutating func end() {
        if let octets { sizes.learn(manifest: octets) }
        octets = nil
    }
}
