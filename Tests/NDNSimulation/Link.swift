package import NIOCore

/// The bottleneck between consumers and producer: Interests one way, Data the other.
package struct Link: Sendable {
    /// Bits a second, for Data; Interests are small.
    package var rate = 100e6
    /// One way.
    package var delay = TimeAmount.milliseconds(25)
    /// Extra delay of a packet, uniformly up to this: reorders.
    package var jitter = TimeAmount.zero
    /// Packets that take `detour` longer, as on a second way.
    package var reordering = 0.0
    package var detour = TimeAmount.milliseconds(3)
    /// Of IP packets, each by itself, behind the queue.
    package var loss = 0.0
    /// Of IP packets: chance to begin a burst in which all are lost, and to end it.
    package var burst: (begin: Double, end: Double)?
    package var duplication = 0.0
    /// Octets that wait at most; what comes on top is dropped.
    package var queue = 625_000
    /// Octets in the queue from which Data is marked; nil: never.
    package var mark: Int?
    /// Payload of an IP packet: larger Data goes in fragments, all of which must arrive. nil: any Data is one packet.
    package var mtu: Int?
    /// Nothing passes.
    package var isDown = false

    package init() {}

    package init(rate: Double, rtt: TimeAmount, queueRTTs: Double = 1, loss: Double = 0) {
        self.rate = rate
        self.loss = loss
        delay = .nanoseconds(rtt.nanoseconds / 2)
        queue = max(Int(rate / 8 * Double(rtt.nanoseconds) / 1e9 * queueRTTs), 4 * 8000)
    }

    /// The time that `octets` take.
    func time(_ octets: Int) -> TimeAmount { .nanoseconds(Int64(Double(octets) * 8e9 / rate)) }

    func packets(_ octets: Int) -> Int { mtu.map { (octets + $0 - 1) / $0 } ?? 1 }
}

/// The queue before the bottleneck, and the randomness behind it.
struct LinkState {
    private var free = NIODeadline.uptimeNanoseconds(0)
    private var isInBurst = false

    /// Data joins the queue.
    ///
    /// - Returns: how long it waits, when its last bit has left, and whether it is marked; nil when there is no room.
    mutating func enqueue(
        _ octets: Int, _ link: Link, now: NIODeadline
    ) -> (wait: TimeAmount, left: NIODeadline, isMarked: Bool)? {
        let wait = max(free - now, .zero)
        let queued = Int(Double(wait.nanoseconds) * link.rate / 8e9)
        guard queued + octets <= link.queue else { return nil }
        free = max(free, now) + link.time(octets)
        return (wait, free, link.mark.map { queued >= $0 } ?? false)
    }

    /// Whether any of a packet's fragments is lost.
    mutating func isLost(_ octets: Int, _ link: Link, _ random: inout SplitMix64) -> Bool {
        if link.isDown { return true }
        var isLost = false
        for _ in 0..<link.packets(octets) {
            if let burst = link.burst {
                isInBurst = isInBurst ? !random.chance(burst.end) : random.chance(burst.begin)
                if isInBurst { isLost = true }
            }
            if random.chance(link.loss) { isLost = true }
        }
        return isLost
    }

    static func delay(_ link: Link, _ random: inout SplitMix64) -> TimeAmount {
        var delay = link.delay
        if link.jitter > .zero { delay = delay + .nanoseconds(Int64(random.unit() * Double(link.jitter.nanoseconds))) }
        if random.chance(link.reordering) { delay = delay + link.detour }
        return delay
    }
}
