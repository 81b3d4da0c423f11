import NIOCore
import OrderedCollections

/// The shapes of blobs seen lately, so that a further range of one costs no segment but its own, and what can be guessed of others.
///
/// A blob's segments never change while it is published, but a producer may publish with another chunk size later: a
/// shape that fails is forgotten.
struct BlobShapes: Sendable {
    private var shapes: OrderedDictionary<Name, BlobShape> = [:]
    private let capacity: Int
    /// Octets of the segments under a prefix: those who serve one mostly agree on them.
    private var chunks: OrderedDictionary<Name, Int> = [:]
    private static let maximumPrefixes = 256

    init(capacity: Int = 1024) {
        self.capacity = max(capacity, 1)
    }

    subscript(name: Name) -> BlobShape? { shapes[name] }

    mutating func insert(_ shape: BlobShape, for name: Name) {
        shapes.removeValue(forKey: name)
        if shapes.count == capacity { shapes.removeFirst() }
        shapes[name] = shape
        // The only segment of a blob is as long as the blob.
        guard shape.geometry.final > 0 else { return }
        let prefix = Self.prefix(of: name)
        if chunks[prefix] == nil, chunks.count == Self.maximumPrefixes { chunks.removeFirst() }
        chunks[prefix] = shape.geometry.chunk
    }

    /// How a blob is probably cut into segments: as it was, or as others under its prefix are.
    ///
    /// - Parameter size: octets that it is believed to have. Whoever says so is a stranger.
    func guess(_ name: Name, size: UInt64?) -> BlobGeometry? {
        if let known = shapes[name] { return known.geometry }
        guard let size, size > 0, let chunk = chunks[Self.prefix(of: name)], chunk > 0 else { return nil }
        return try? BlobGeometry(chunk: chunk, final: (size - 1) / UInt64(chunk))
    }

    /// What stands before repository and digest.
    private static func prefix(of name: Name) -> Name { name.dropLast(2) }

    mutating func forget(_ name: Name) {
        shapes.removeValue(forKey: name)
    }
}

/// Payloads that came with the shape of a blob.
struct ShapeSegments: Sendable {
    /// Of segment 0, unless it is the final one.
    var first: ByteBuffer?
    var final: ByteBuffer?
    /// Whom they are for, as ``BlobTransfer/audience``.
    var audience: SHA256Digest?
}
