package import NIOCore

/// The strategy: which of several next hops gets an Interest.
///
/// It is NFD's best-route (docs/protocol.md 9.2), the cheapest next hop and for a retransmission the next one not tried yet, among
/// those that are neither silent nor refuse. Of equal costs the one with the shortest round trip is taken. Those that would be better, if only
/// they answered, get a copy now and then (`trials`).
package struct NextHopChoice {
    private let now: NIODeadline
    private var best: (rank: Rank, hop: NextHop)?
    private var untried: [NextHop] = []

    /// What is better is smaller.
    private struct Rank: Comparable {
        /// Whether it is silent or refuses.
        let isPoor: Bool
        /// When the Interest was last sent there; 0 when it was not.
        let sent: UInt64
        let cost: UInt64
        let roundTrip: Int64
        let face: UInt64

        static func < (one: Rank, other: Rank) -> Bool {
            if one.isPoor != other.isPoor { return other.isPoor }
            return (one.sent, one.cost, one.roundTrip, one.face) < (other.sent, other.cost, other.roundTrip, other.face)
        }
    }

    package init(now: NIODeadline) {
        self.now = now
    }

    /// One more next hop, over which an Interest can be sent.
    ///
    /// - Parameters:
    ///   - isQuestioned: whether its peer is also asked questions that every forwarder answers: then nothing is expected of it
    ///     when it has been silent for long.
    ///   - standing: whether it has refused Interests below the prefix.
    ///   - sent: when this Interest was last sent there, if an answer may still come.
    mutating func offer(
        _ hop: NextHop, _ health: HopHealth, isQuestioned: Bool, standing: HopRefusals.Standing = .willing,
        sent: NIODeadline?
    ) {
        let wantsTrial = standing == .willing ? health.wantsTrial(now: now) : standing == .due
        if wantsTrial, sent == nil { untried.append(hop) }
        guard wantsTrial || !isQuestioned || !health.isDead(now: now) else { return }
        let rank = Rank(
            isPoor: standing != .willing || health.isSilent(now: now), sent: sent?.uptimeNanoseconds ?? 0,
            cost: hop.cost,
            roundTrip: health.shortest?.nanoseconds ?? .max, face: hop.face)
        if best.map({ rank < $0.rank }) ?? true { best = (rank, hop) }
    }

    /// Where to send the Interest; nil: nowhere.
    package var face: UInt64? { best?.hop.face }

    /// Whether the chosen one is silent or refuses, so that the Interest is spent to find out more.
    package var isTrial: Bool { best?.rank.isPoor ?? false }

    /// Who gets a copy, to find out whether it is better than the chosen one.
    package var trials: [UInt64] {
        guard let best else { return [] }
        return untried.filter { $0.face != best.hop.face && $0.cost <= best.hop.cost }.map(\.face)
    }
}
