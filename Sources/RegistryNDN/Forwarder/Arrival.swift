internal import NDN
internal import NIOCore

/// An Interest on its way through the pipeline.
struct Arrival {
    let interest: Interest
    let nonce: UInt32
    let token: PitToken?
    let face: UInt64
    let now: NIODeadline

    /// Whether a peer that says nothing to it is no worse than others: with silence a server says that it has a blob.
    var expectsAnswer: Bool { !interest.name.isMetadata }

    /// HopLimit as sent on, one less than received; nil: none.
    var hopLimit: UInt8? { interest.hopLimit.map { $0 &- 1 } }

    /// What goes upstream: the octets as they came, but for HopLimit and a nonce that was missing.
    var forwarded: ByteBuffer {
        guard interest.nonce == nil || interest.hopLimit != nil else { return interest.wire }
        return interest.with(nonce: nonce, hopLimit: hopLimit)
    }
}
