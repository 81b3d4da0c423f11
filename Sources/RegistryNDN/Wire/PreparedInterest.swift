internal import CNDNFast
package import NIOCore

/// The Interests for the segments of one object: all but the segment number and the Nonce is settled beforehand.
package struct PreparedInterest: Sendable {
    private let prefix: Name
    private let template: cndn_segment_interest

    /// - Parameters:
    ///   - prefix: The name before the segment component.
    ///   - lifetimeMilliseconds: InterestLifetime; nil leaves it out, which means 4 s.
    package init(prefix: Name, mustBeFresh: Bool = false, lifetimeMilliseconds: UInt64? = nil) {
        self.prefix = prefix.owned()
        template = cndn_segment_interest(
            prefix_length: prefix.value.readableBytes, lifetime: lifetimeMilliseconds ?? 0,
            has_lifetime: lifetimeMilliseconds != nil, must_be_fresh: mustBeFresh)
    }

    /// Appends the Interest for one segment and returns how many octets it has. Does not allocate while `buffer` has room.
    @discardableResult
    package func write(segment: UInt64, nonce: UInt32, into buffer: inout ByteBuffer) -> Int {
        let start = buffer.writerIndex
        let template = template
        let bound = unsafe withUnsafePointer(to: template) { unsafe cndn_segment_interest_bound($0) }
        unsafe prefix.value.withOctets { octets, _ in
            unsafe buffer.write(capacity: bound) { writer in
                unsafe withUnsafePointer(to: template) {
                    unsafe cndn_segment_interest_write($0, octets, segment, nonce, &writer)
                }
            }
        }
        return buffer.writerIndex - start
    }
}
