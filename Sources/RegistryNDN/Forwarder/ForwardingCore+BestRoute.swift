internal import NDN
internal import NIOCore

/// The strategy: the cheapest next hop, and for a retransmission the next one not tried yet (NFD's best-route).
extension ForwardingCore {
    /// NFD's suppression of retransmissions (docs/protocol.md 9.2).
    private static let firstSuppression = TimeAmount.milliseconds(10)
    private static let lastSuppression = TimeAmount.milliseconds(250)

    /// Where to send an Interest; nil: nowhere.
    func bestHop(for arrival: Arrival, entry: PITEntry?) -> UInt64? {
        let hops = nextHops(for: arrival.interest)
        var tried: OutRecord?
        for hop in hops where isEligible(hop.face, arrival) {
            guard let record = entry?.outRecords.first(where: { $0.face == hop.face && $0.expiry > arrival.now })
            else { return hop.face }
            if tried.map({ record.sent < $0.sent }) ?? true { tried = record }
        }
        return tried?.face
    }

    /// The routes for the name, else for the first delegation of its ForwardingHint that has any.
    private func nextHops(for interest: Interest) -> [NextHop] {
        let hops = routes.nextHops(for: interest.name)
        guard hops.isEmpty else { return hops }
        return interest.forwardingHint.lazy.map { routes.nextHops(for: $0) }.first { !$0.isEmpty } ?? []
    }

    /// Not back where it came from; with HopLimit 0 only to this host (docs/protocol.md 4.1); /localhost only to this host, and
    /// /localhop from outside too (8.3).
    private func isEligible(_ face: UInt64, _ arrival: Arrival) -> Bool {
        guard face != arrival.face, let record = faces[face] else { return false }
        if record.isLocal { return true }
        let name = arrival.interest.name
        return arrival.hopLimit != 0 && !Name.localhost.isPrefix(of: name)
            && (faces[arrival.face]?.isLocal ?? false || !Name.localhop.isPrefix(of: name))
    }

    /// Whether an answer is still to be expected from some upstream.
    func isAsked(_ slot: Int, now: NIODeadline) -> Bool {
        pit[slot].outRecords.contains { isPending($0, now: now) }
    }

    func isPending(_ record: OutRecord, now: NIODeadline) -> Bool {
        record.nack == nil && record.expiry > now && faces[record.face] != nil
    }

    /// Whether a retransmission comes too soon after the last transmission; the interval doubles with each passed on.
    mutating func isSuppressed(_ slot: Int, now: NIODeadline) -> Bool {
        var last: NIODeadline?
        for record in pit[slot].outRecords where isPending(record, now: now) {
            last = max(last ?? record.sent, record.sent)
        }
        guard let last else { return false }
        let interval = max(pit[slot].suppression, Self.firstSuppression)
        if now - last < interval { return true }
        pit[slot].suppression = min(interval * 2, Self.lastSuppression)
        return false
    }
}
