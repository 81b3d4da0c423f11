internal import FoundationEssentials
internal import NDN
internal import NIOCore
internal import OrderedCollections
internal import Synchronization

/// How many octets blobs are said to have, by the manifests that name them and by the registry.
///
/// Whoever says so may be wrong, and may have said it to somebody with a login. So a size is nothing but a hint for how many
/// segments are asked for at once: what a response announces is the size that Data confirm. All that others could learn from a
/// hint is that an Interest for a segment left sooner than it would have.
final class BlobSizes: Sendable {
    /// The blobs of a thousand images; some 2 MB when it is full.
    private static let capacity = 16_384
    /// Of manifests with more octets nothing is learnt: those of images have some kB, and reading one takes several times its
    /// memory.
    static let longestManifest = 256 << 10

    private let sizes = Mutex(OrderedDictionary<ContentDigest, UInt64>())

    /// The size that a blob is said to have; nil when nobody has said one lately.
    subscript(digest: ContentDigest) -> UInt64? { sizes.withLock { $0[digest] } }

    func insert(_ size: UInt64, of digest: ContentDigest) {
        sizes.withLock { Self.insert(size, of: digest, into: &$0) }
    }

    private static func insert(
        _ size: UInt64, of digest: ContentDigest, into sizes: inout OrderedDictionary<ContentDigest, UInt64>
    ) {
        // Many at once, since the others move.
        if sizes.updateValue(size, forKey: digest) == nil, sizes.count > capacity { sizes.removeFirst(capacity / 8) }
    }

    /// Takes note of the sizes in a manifest (OCI image specification 1.1, "Image Manifest Property Descriptions"; docker's
    /// schema 2 has the same fields). Anything else says nothing.
    func learn(manifest: ByteBuffer) {
        guard manifest.readableBytes <= Self.longestManifest,
            let said = try? JSONDecoder().decode(Manifest.self, from: Data(manifest.readableBytesView))
        else { return }
        let blobs = [said.config].compactMap(\.self) + (said.layers ?? []) + (said.blobs ?? [])
        sizes.withLock { sizes in
            for blob in blobs {
                guard let digest = ContentDigest(blob.digest) else { continue }
                Self.insert(blob.size, of: digest, into: &sizes)
            }
        }
    }

    private struct Manifest: Decodable {
        struct Descriptor: Decodable {
            let digest: String
            let size: UInt64
        }

        let config: Descriptor?
        let layers: [Descriptor]?
        /// Of an artifact manifest.
        let blobs: [Descriptor]?
    }
}
