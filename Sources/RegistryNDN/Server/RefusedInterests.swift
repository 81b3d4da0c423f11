import DequeModule
internal import NDN
import NIOCore

/// Which Interests are refused because the registry is away: each segment once for a face, and then not for a while.
///
/// A forwarder with another next hop asks there at once. Whoever has none asks again, and from then on waits for the registry as if there
/// had been no refusal: its transmissions are not used up by refusals, and its timers judge how long that goes on. It is also how NFD's
/// best-route comes to its other next hop: it tells its consumer of a Nack, and turns to the other one only for an Interest that
/// follows one without any answer. A peer that goes on asking does not heed refusals, and gets no more of them.
struct RefusedInterests {
    static let memory = TimeAmount.seconds(10)
    static let capacity = 4096
    /// For how long a face is told of all that it asks for; then of nothing, until it has asked for nothing for the time of a pause.
    static let span = TimeAmount.milliseconds(500)
    static let pause = TimeAmount.seconds(1)

    private struct Key: Hashable {
        let face: UInt64
        let blob: Name
        let segment: UInt64
    }

    private struct Span {
        var begin: NIODeadline
        var asked: NIODeadline
    }

    /// An Interest that waited, and is refused now.
    struct Refusal {
        let waiter: Waiter
        let blob: Name
        let segment: UInt64
    }

    private var refusals: [Refusal] = []
    private var spans: [UInt64: Span] = [:]
    private var keys: Set<Key> = []
    private var order: Deque<(until: NIODeadline, key: Key)> = []

    /// Refuses those who wait for a range; who has been told before waits all the same.
    mutating func refuse(_ range: CachedRange, _ waiters: inout WaiterTable, now: NIODeadline) {
        let blob = range.blob.name
        for (segment, waiter) in range.takeWaiters(from: &waiters, now: now) {
            if admits(segment, of: blob, from: waiter.face, now: now) {
                refusals.append(Refusal(waiter: waiter, blob: blob, segment: segment))
            } else if let index = range.index(of: segment) {
                _ = waiters.add(waiter, to: &range.waiters[index])
            }
        }
    }

    /// Those who waited and have been refused since this was called last.
    mutating func take() -> [Refusal] {
        defer { refusals = [] }
        return refusals
    }

    /// Whether the Interest is to be refused; from now on it has been.
    ///
    /// - Parameter blob: the name of the blob, which is kept.
    mutating func admits(_ segment: UInt64, of blob: Name, from face: UInt64, now: NIODeadline) -> Bool {
        while let (until, key) = order.first, until <= now {
            order.removeFirst()
            keys.remove(key)
        }
        if order.isEmpty { spans = [:] }
        var span = spans[face] ?? Span(begin: now, asked: now)
        if now - span.asked >= Self.pause { span.begin = now }
        span.asked = now
        spans[face] = span
        guard now - span.begin < Self.span else { return false }
        let key = Key(face: face, blob: blob, segment: segment)
        // In doubt nothing is said, which does no harm.
        guard keys.count < Self.capacity, keys.insert(key).inserted else { return false }
        order.append((now + Self.memory, key))
        return true
    }
}
