/// What a Data packet says beside its name, as far as fetching is concerned.
package struct SegmentData: Sendable {
    var segment: UInt64
    var contentType: UInt64 = 0
    package var length: Int
    /// Segment number in FinalBlockId.
    var final: UInt64?
    var isMarked = false

    package init(
        segment: UInt64, contentType: UInt64 = 0, length: Int, final: UInt64? = nil, isMarked: Bool = false
    ) {
        self.segment = segment
        self.contentType = contentType
        self.length = length
        self.final = final
        self.isMarked = isMarked
    }
}
