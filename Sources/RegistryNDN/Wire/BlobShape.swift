/// A blob of a known size, as it is cut into segments: for its producer, and for whoever names the segments of a range.
package struct BlobShape: Sendable, Hashable {
    package let geometry: BlobGeometry
    /// Octets of the blob.
    package let size: UInt64

    package init(geometry: BlobGeometry, size: UInt64) {
        self.geometry = geometry
        self.size = size
    }

    /// A blob of `size` octets in segments of `chunk`, at least one; an empty blob is one empty segment.
    package init(size: UInt64, chunk: Int) {
        self.init(
            geometry: BlobGeometry(unchecked: chunk, final: size == 0 ? 0 : (size - 1) / UInt64(chunk)), size: size)
    }

    /// The segments that cover `octets`, which are some and within the blob.
    package func segments(covering octets: Range<UInt64>) -> Range<UInt64> {
        let first = geometry.segment(at: octets.lowerBound)
        return first..<geometry.segment(at: octets.upperBound - 1) + 1
    }

    /// Octets in a segment that is not behind the last one.
    package func length(of segment: UInt64) -> Int {
        segment < geometry.final ? geometry.chunk : Int(size - geometry.offset(of: geometry.final))
    }
}
