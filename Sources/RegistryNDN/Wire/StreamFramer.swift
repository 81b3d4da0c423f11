internal import CNDNFast
internal import DequeModule
package import NIOCore

/// Cuts a stream into TLV elements (docs/protocol.md 7.1): the octets arrive in any chunks.
///
/// An element that lies in one chunk is a slice of it; only one that goes over from a chunk to the next is copied.
package struct StreamFramer: Sendable {
    /// The beginning of an element whose end has not arrived, at most 8800 octets.
    private var partial = ByteBuffer()
    private var chunks: Deque<ByteBuffer> = []

    package init() {}

    /// Adds what arrived. Call `next()` until it is nil before the next chunk.
    package mutating func append(_ chunk: ByteBuffer) {
        if chunk.readableBytes > 0 { chunks.append(chunk) }
    }

    /// The next whole element of at most 8800 octets; nil until more arrives.
    ///
    /// - Throws: `WireError.invalid` if the stream cannot go on: TYPE 0, an element over 8800 octets.
    package mutating func next() throws(WireError) -> ByteBuffer? {
        while !chunks.isEmpty {
            let element = partial.readableBytes > 0 ? try nextOfPartial() : try nextOfChunk()
            if let element { return element }
        }
        return nil
    }

    /// Octets of an element whose end has not arrived, and of chunks not read yet.
    package var pendingOctets: Int { chunks.reduce(partial.readableBytes) { $0 + $1.readableBytes } }

    private mutating func nextOfChunk() throws(WireError) -> ByteBuffer? {
        let (size, whole) = try chunks[0].frame()
        if whole { return take(size) }
        partial = ByteBuffer()
        partial.reserveCapacity(max(size, chunks[0].readableBytes))
        move(chunks[0].readableBytes)
        return nil
    }

    /// Goes on with the element that began in an earlier chunk; octet by octet until its size is known.
    private mutating func nextOfPartial() throws(WireError) -> ByteBuffer? {
        let (size, _) = try partial.frame()
        move(size == 0 ? 1 : size - partial.readableBytes)
        guard try partial.frame().whole else { return nil }
        defer { partial = ByteBuffer() }
        return partial
    }

    /// Octets from the first chunk, shared.
    private mutating func take(_ length: Int) -> ByteBuffer? {
        defer { if chunks[0].readableBytes == 0 { chunks.removeFirst() } }
        return chunks[0].readSlice(length: length)
    }

    /// Octets from the first chunk, as many as it has, copied to the partial element.
    private mutating func move(_ length: Int) {
        if let octets = take(min(length, chunks[0].readableBytes)) { partial.writeImmutableBuffer(octets) }
    }
}

extension ByteBuffer {
    /// Octets of the first element, 0 if they are not known yet, and whether they are all there.
    fileprivate func frame() throws(WireError) -> (size: Int, whole: Bool) {
        var size = 0
        let result = unsafe withOctets { unsafe cndn_lp_frame($0, $1, &size) }
        if result != CNDN_INCOMPLETE { try result.check() }
        return (size, result == CNDN_OK)
    }
}
