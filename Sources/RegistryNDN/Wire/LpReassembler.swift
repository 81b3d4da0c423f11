internal import CNDNFast
package import NIOCore

/// Puts network packets together from the LpPackets of one peer (docs/protocol.md 7.6).
///
/// Memory is bounded whatever the peer sends: a limited number of packets in parts and of octets, the oldest goes
/// first; a packet in parts goes 500 ms after its last new fragment. Duplicates are ignored.
package struct LpReassembler: Sendable {
    /// How much one peer may leave unfinished.
    package struct Limits: Sendable {
        /// Packets in parts.
        package var messages: Int
        /// Octets of memory that they hold together.
        package var octets: Int
        /// Time without a new fragment after which a packet in parts is dropped.
        package var timeout: TimeAmount

        package init(messages: Int = 128, octets: Int = 1 << 20, timeout: TimeAmount = .milliseconds(500)) {
            self.messages = max(1, messages)
            self.octets = octets
            self.timeout = timeout
        }
    }

    /// LpPackets dropped because they break a rule.
    package private(set) var invalidPackets: UInt64 = 0
    /// Packets in parts dropped because time or memory ended.
    package private(set) var abandonedMessages: UInt64 = 0
    /// Packets in parts.
    package var pendingMessages: Int { messages.count }
    /// Octets of memory that they hold.
    package private(set) var pendingOctets = 0

    private let limits: Limits
    /// By Sequence - FragIndex, modulo 2^64.
    private var messages: [UInt64: PartialPacket] = [:]
    /// Before this time no message is overdue.
    private var earliestDeadline = NIODeadline.distantFuture

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes what a peer sent.
    ///
    /// - Returns: a network packet once it is whole, of a kind that its fields may accompany; nil for an IDLE packet,
    ///   for one more part and for what breaks a rule, which is counted.
    package mutating func receive(_ lp: LpPacket, now: NIODeadline) -> (packet: ByteBuffer, fields: LinkFields)? {
        if lp.isBare, let packet = lp.fragment { return (packet, LinkFields()) }
        guard lp.isFragmentationValid else { return reject() }
        guard lp.isFragment else {
            do { return try lp.networkPacket() } catch { return reject() }
        }
        return receiveFragment(lp, now: now)
    }

    /// Drops the packets in parts that are overdue. `receive` does so by itself.
    package mutating func expire(now: NIODeadline) {
        guard now >= earliestDeadline else { return }
        earliestDeadline = .distantFuture
        for (id, message) in messages {
            if message.deadline <= now {
                remove(id)
                abandonedMessages &+= 1
            } else {
                earliestDeadline = min(earliestDeadline, message.deadline)
            }
        }
    }

    private mutating func receiveFragment(
        _ lp: LpPacket, now: NIODeadline
    ) -> (packet: ByteBuffer, fields: LinkFields)? {
        expire(now: now)
        guard let payload = lp.fragment, let sequence = lp.sequence else { return reject() }
        let id = sequence &- lp.fragIndex
        let deadline = now + limits.timeout
        guard let place = messages.index(forKey: id) else { return begin(id, lp, payload, deadline) }
        guard messages.values[place].count == Int(lp.fragCount) else { return reject() }
        pendingOctets -= messages.values[place].memory
        let outcome = messages.values[place].add(lp, payload, deadline)
        pendingOctets += messages.values[place].memory
        switch outcome {
        case .more: return nil
        case .tooLong:
            remove(id)
            return reject()
        case .whole: return finish(id)
        }
    }

    private mutating func begin(
        _ id: UInt64, _ lp: LpPacket, _ payload: ByteBuffer, _ deadline: NIODeadline
    ) -> (packet: ByteBuffer, fields: LinkFields)? {
        var message = PartialPacket(lp, payload)
        guard message.add(lp, payload, deadline) != .tooLong else { return reject() }
        while !messages.isEmpty, messages.count >= limits.messages || pendingOctets + message.memory > limits.octets {
            evictOldest()
        }
        messages[id] = message
        pendingOctets += message.memory
        earliestDeadline = min(earliestDeadline, deadline)
        return nil
    }

    private mutating func finish(_ id: UInt64) -> (packet: ByteBuffer, fields: LinkFields)? {
        guard let message = remove(id) else { return nil }
        let packet = message.assembled()
        guard packet.isNetworkPacket(message.permitted) else { return reject() }
        return (packet, message.fields)
    }

    private mutating func evictOldest() {
        guard let oldest = messages.min(by: { $0.value.deadline < $1.value.deadline })?.key else { return }
        remove(oldest)
        abandonedMessages &+= 1
    }

    @discardableResult
    private mutating func remove(_ id: UInt64) -> PartialPacket? {
        guard let message = messages.removeValue(forKey: id) else { return nil }
        pendingOctets -= message.memory
        return message
    }

    private mutating func reject() -> (packet: ByteBuffer, fields: LinkFields)? {
        invalidPackets &+= 1
        return nil
    }
}
