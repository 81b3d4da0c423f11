package import NIOCore

/// Cuts parts of a blob out of its octets as they pass.
package struct PartCutter: Sendable {
    let parts: BlobParts
    /// Offset behind the last octet that was cut out.
    private(set) var end: UInt64
    /// The first of the ranges that is not cut out in full.
    private var current = 0

    package init(_ parts: BlobParts) {
        self.parts = parts
        end = parts.hull?.lowerBound ?? 0
    }

    package var isComplete: Bool { current == parts.ranges.count }

    /// Cuts a chunk whose octets begin at `offset` of the blob.
    ///
    /// What was cut out before is left out; nothing is cut out behind octets that are still missing.
    ///
    /// - Parameter take: gets the next octets of the parts, never those of two ranges in one, with their offset in the blob.
    package mutating func cut(_ chunk: ByteBuffer, at offset: UInt64, _ take: (ByteBuffer, UInt64) -> Void) {
        let stop = offset + UInt64(chunk.readableBytes)
        while current < parts.ranges.count {
            let range = parts.ranges[current]
            let next = max(end, range.lowerBound)
            let last = min(stop, range.upperBound)
            guard offset <= next, next < last,
                let part = chunk.getSlice(at: chunk.readerIndex + Int(next - offset), length: Int(last - next))
            else { return }
            end = last
            if end == range.upperBound { current += 1 }
            take(part, next)
        }
    }

    /// Takes back all octets from `offset` on.
    package mutating func rewind(to offset: UInt64) {
        guard offset < end else { return }
        end = offset
        current = parts.ranges.firstIndex { $0.upperBound > offset } ?? parts.ranges.count
    }
}
