package import NDN
package import NIOCore

/// What comes back: Data and Nacks.
extension ForwardingCore {
    /// Data satisfied with less freshness than the Dead Nonce List's memory may be asked for again within it
    /// (docs/protocol.md 9.1).
    private static let nonceMemoryMilliseconds: UInt64 = 6000

    /// A Data arrived.
    package mutating func receive(_ data: DataPacket, _ fields: LinkFields, from face: UInt64, now: NIODeadline) {
        guard let record = faces[face] else { return }
        counters.data += 1
        guard record.isLocal || !Name.localhost.isPrefix(of: data.name) else {
            counters.drops += 1
            return
        }
        pit.findMatches(data, into: &matches)
        // Whom we have not asked may not answer: that would let any peer fill the store under any name.
        matches.removeAll { slot in !pit[slot].outRecords.contains { $0.face == face } }
        guard !matches.isEmpty else {
            counters.drops += 1
            return
        }
        store.insert(data, now: now)
        for slot in matches { satisfy(slot, data, fields, from: face, now: now) }
        matches.removeAll(keepingCapacity: true)
    }

    private mutating func satisfy(
        _ slot: Int, _ data: DataPacket, _ fields: LinkFields, from face: UInt64, now: NIODeadline
    ) {
        for record in pit[slot].inRecords where record.expiry > now && record.face != face {
            // The PIT token is this downstream's; congestion is told all along the path.
            send(
                data.wire, LinkFields(pitToken: record.token, congestionMark: fields.congestionMark),
                to: record.face)
        }
        counters.satisfied += 1
        let mayReturn = pit[slot].key.mustBeFresh && data.freshnessMilliseconds < Self.nonceMemoryMilliseconds
        finish(slot, rememberNonces: mayReturn, now: now)
    }

    /// A Nack arrived: when every upstream has refused, the downstreams are told.
    package mutating func receive(
        nack reason: NackReason, for interest: Interest, from face: UInt64, now: NIODeadline
    ) {
        let key = PITKey(
            name: interest.name, canBePrefix: interest.canBePrefix, mustBeFresh: interest.mustBeFresh)
        // One with another Nonce answers an earlier transmission (docs/protocol.md 7.4).
        guard let slot = pit.slot(for: key),
            let index = pit[slot].outRecords.firstIndex(where: { $0.face == face && $0.nonce == interest.nonce })
        else { return }
        pit[slot].outRecords[index].nack = reason
        guard !isAsked(slot, now: now) else { return }
        let reasons = pit[slot].outRecords.compactMap(\.nack)
        let least = reasons.min() ?? reason
        for record in pit[slot].inRecords where record.expiry > now {
            counters.nacks += 1
            send(
                interest.with(nonce: record.nonce, hopLimit: interest.hopLimit),
                LinkFields(pitToken: record.token, nack: least), to: record.face)
        }
        counters.unsatisfied += 1
        finish(slot, rememberNonces: true, now: now)
    }
}
