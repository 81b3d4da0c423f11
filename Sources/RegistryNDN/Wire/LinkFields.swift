internal import CNDNFast

/// The NDNLPv2 header fields that travel with a network packet between a face and its users (docs/protocol.md 7.2).
public struct LinkFields: Hashable, Sendable {
    /// Set by the downstream, copied to the answer.
    public var pitToken: PitToken?
    /// Makes an Interest its refusal; nil for ordinary packets.
    public var nack: NackReason?
    /// Hop-by-hop congestion signal, 0 = none.
    public var congestionMark: UInt64

    /// Fields; none by default.
    ///
    /// - Parameters:
    ///   - pitToken: on an Interest the token that its answer must bring back, on an answer that token.
    ///   - nack: makes an Interest its refusal.
    ///   - congestionMark: 0 = none.
    public init(pitToken: PitToken? = nil, nack: NackReason? = nil, congestionMark: UInt64 = 0) {
        self.pitToken = pitToken
        self.nack = nack
        self.congestionMark = congestionMark
    }

    /// Whether a packet goes bare, without an LpPacket around it.
    public var isEmpty: Bool { pitToken == nil && nack == nil && congestionMark == 0 }

    /// The fields as C encodes them, and the base of their spans; both are valid inside `body` only.
    func withHeader<R>(_ body: (inout cndn_lp, UnsafePointer<UInt8>?) -> R) -> R {
        var header = cndn_lp_make()
        header.has_nack = nack != nil
        header.nack_reason = UInt64(nack?.rawValue ?? 0)
        header.has_congestion_mark = congestionMark != 0
        header.congestion_mark = congestionMark
        guard let pitToken else { return body(&header, nil) }
        header.pit_token.length = UInt16(pitToken.size)
        return unsafe pitToken.withUnsafeBytes { octets in
            unsafe body(&header, octets.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
    }
}
