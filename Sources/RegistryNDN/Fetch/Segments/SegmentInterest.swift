/// An Interest to be sent for a segment.
package struct SegmentInterest: Sendable, Hashable {
    package internal(set) var segment: UInt64
    package let nonce: UInt32
    package let mustBeFresh: Bool
    package let isRetransmission: Bool
}
