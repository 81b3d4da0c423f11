import NIOCore
import OrderedCollections

/// The shapes of blobs seen lately, so that a further range of one costs no segment but its own.
///
/// A blob's segments never change while it is published, but a producer may publish with another chunk size later: a
/// shape that fails is forgotten.
struct BlobShapes: Sendable {
    private var shapes: OrderedDictionary<Name, BlobShape> = [:]
    private let capacity: Int

    init(capacity: Int = 1024) {
        self.capacity = max(capacity, 1)
    }

    subscript(name: Name) -> BlobShape? { shapes[name] }

    mutating func insert(_ shape: BlobShape, for name: Name) {
        shapes.removeValue(forKey: name)
        if shapes.count == capacity { shapes.removeFirst() }
        shapes[name] = shape
    }

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
