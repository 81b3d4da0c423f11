import NIOCore

/// Whether the origin of the blobs is away, as far as the reads tell: no clock, no reads of its own.
struct RegistryOutage {
    /// How long nothing may come of any read before the origin counts as away. One that is merely slow is told of as well: who is told
    /// may ask again, and then gets what comes.
    static let patience = TimeAmount.seconds(2)

    private(set) var isAway = false
    /// Since when reads are under way and nothing comes; nil while there are none.
    private var awaited: NIODeadline?

    /// When `expire` is due; nil: not before the next read.
    var deadline: NIODeadline? { isAway ? nil : awaited.map { $0 + Self.patience } }

    /// A read has begun.
    mutating func asked(now: NIODeadline) { awaited = awaited ?? now }

    /// The origin has said something.
    mutating func heard(now: NIODeadline) {
        isAway = false
        if awaited != nil { awaited = now }
    }

    /// The origin gave a read no answer.
    mutating func failed() { isAway = true }

    /// No read is under way any more.
    mutating func ended() { awaited = nil }

    /// Returns whether the origin counts as away from now on, and did not before.
    mutating func expire(now: NIODeadline) -> Bool {
        guard let deadline, deadline <= now else { return false }
        isAway = true
        return true
    }
}
