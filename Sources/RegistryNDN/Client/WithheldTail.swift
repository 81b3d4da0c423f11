internal import NIOCore

/// Decides which bytes of a body may go out before the digest over all of them is known.
///
/// All chunks but the last one may go out: a client that lacks the end of a body knows that the body is not complete.
struct WithheldTail: Sendable {
    /// How a body differs from the length that it should have.
    enum Failure: Error, Hashable {
        case tooLong
        case tooShort
    }

    /// The length of the whole body, when known beforehand.
    let size: UInt64?
    /// Bytes received so far, the withheld ones included.
    private(set) var received: UInt64 = 0
    private var tail: ByteBuffer?

    init(size: UInt64?) { self.size = size }

    /// Whether every byte of a body of known size has come.
    var isComplete: Bool { received == size }

    /// Takes the next chunk; returns what may be sent now.
    mutating func receive(_ chunk: ByteBuffer) throws(Failure) -> ByteBuffer? {
        guard chunk.readableBytes > 0 else { return nil }
        received += UInt64(chunk.readableBytes)
        guard let size else {
            defer { tail = chunk }
            return tail
        }
        guard received <= size else { throw .tooLong }
        if received < size { return chunk }
        tail = chunk
        return nil
    }

    /// The withheld chunk, after the last one has come and the digest is right; nil for an empty body.
    mutating func finish() throws(Failure) -> ByteBuffer? {
        if let size, received < size { throw .tooShort }
        defer { tail = nil }
        return tail
    }
}
