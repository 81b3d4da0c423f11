internal import DequeModule
internal import NDN
internal import NIOCore

/// Nonces of Interests that are no longer in the PIT, so that one that loops for longer than its entry lives is known
/// (docs/protocol.md 9.1). Bounded; the oldest go first.
struct DeadNonceList {
    private var known: Set<UInt64> = []
    private var order: Deque<(hash: UInt64, until: NIODeadline)> = []
    private let lifetime: TimeAmount
    private let capacity: Int

    init(lifetime: TimeAmount = .seconds(6), capacity: Int = 65536) {
        self.lifetime = lifetime
        self.capacity = capacity
    }

    mutating func insert(_ name: Name, nonce: UInt32, now: NIODeadline) {
        let hash = Self.hash(name, nonce)
        guard known.insert(hash).inserted else { return }
        order.append((hash, now + lifetime))
        if order.count > capacity { removeFirst() }
    }

    mutating func contains(_ name: Name, nonce: UInt32, now: NIODeadline) -> Bool {
        while let first = order.first, first.until <= now { removeFirst() }
        return !known.isEmpty && known.contains(Self.hash(name, nonce))
    }

    private mutating func removeFirst() {
        known.remove(order.removeFirst().hash)
    }

    private static func hash(_ name: Name, _ nonce: UInt32) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(name)
        hasher.combine(nonce)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
