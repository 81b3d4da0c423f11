internal import NDN
internal import NIOCore

/// What makes two Interests the same for the PIT: name and selectors.
struct PITKey: Hashable, Sendable {
    let name: Name
    let canBePrefix: Bool
    let mustBeFresh: Bool
}

/// A downstream that waits for the Data.
struct InRecord: Sendable {
    let face: UInt64
    /// Number of its host, see `PendingShares`.
    let host: Int
    var token: PitToken?
    var nonce: UInt32
    var expiry: NIODeadline
}

/// An upstream that was asked for it.
struct OutRecord: Sendable {
    let face: UInt64
    var nonce: UInt32
    var sent: NIODeadline
    var expiry: NIODeadline
    var nack: NackReason?
    /// Whether it was sent there more than once, so that nobody knows which transmission an answer is to (Karn's rule).
    var isRepeated = false
}

/// A pending Interest.
struct PITEntry: Sendable {
    var key: PITKey
    var inRecords: [InRecord] = []
    var outRecords: [OutRecord] = []
    /// Retransmissions closer than this to the last transmission are not passed on.
    var suppression: TimeAmount = .nanoseconds(0)

    /// When the last downstream ceases to wait.
    var expiry: NIODeadline { inRecords.map(\.expiry).max() ?? .uptimeNanoseconds(0) }

    func isAwaited(by face: UInt64) -> Bool { inRecords.contains { $0.face == face } }

    /// Adds or renews the downstream's record; whether it is new.
    mutating func receive(_ record: InRecord) -> Bool {
        if let index = inRecords.firstIndex(where: { $0.face == record.face }) {
            inRecords[index] = record
            return false
        }
        inRecords.append(record)
        return true
    }

    mutating func send(_ record: OutRecord) {
        if let index = outRecords.firstIndex(where: { $0.face == record.face }) {
            outRecords[index] = record
            outRecords[index].isRepeated = true
        } else {
            outRecords.append(record)
        }
    }

    /// Whether an Interest with this nonce has been here and comes from elsewhere now, so that it has gone in a circle. The
    /// same nonce from the same downstream is its retransmission (docs/protocol.md 9.1).
    func isLoop(nonce: UInt32, from face: UInt64) -> Bool {
        if inRecords.contains(where: { $0.face == face && $0.nonce == nonce }) { return false }
        return inRecords.contains { $0.nonce == nonce } || outRecords.contains { $0.nonce == nonce }
    }
}
