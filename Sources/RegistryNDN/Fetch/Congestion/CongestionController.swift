import NIOCore

/// How many Interests may be in flight on one path, and how fast they leave.
///
/// The caller sees to it that ``reduce(_:inFlight:now:)`` is called at most once a round trip.
protocol CongestionController: Sendable {
    /// The window, in Interests; at least 1.
    var window: Double { get }

    /// Interests a second; nil: as the window allows.
    var pacingRate: Double? { get }

    /// Interests that may leave at twice the pace when nothing is under way, as many as the path holds without a queue; nil: none.
    var restart: Double? { get }

    /// Loss alone changes nothing, so that it does not stand for the reaction to a mark in the same round trip.
    var ignoresLoss: Bool { get }

    /// Data arrived.
    mutating func received(_ sample: PathSample)

    /// One Interest was lost; called for each, before ``reduce(_:inFlight:now:)``.
    mutating func lost()

    /// One that ``lost()`` told of had only been late.
    mutating func wasNotLost()

    /// The path is congested.
    mutating func reduce(_ signal: CongestionSignal, inFlight: Int, now: NIODeadline)

    /// Timeouts again, with no Data since the last: nothing is known about the path any more.
    mutating func collapse(now: NIODeadline)

    /// All losses behind the last reduction turned out to be none.
    ///
    /// - Parameter before: the state before that reduction.
    mutating func undo(_ before: Self)
}

extension CongestionController {
    var pacingRate: Double? { nil }
    var restart: Double? { nil }
    var ignoresLoss: Bool { false }
    mutating func lost() {}
    mutating func wasNotLost() {}
}

/// What tells of congestion.
enum CongestionSignal: Sendable {
    case loss
    /// CongestionMark of NDNLPv2.
    case mark
    /// Nack Congestion.
    case nack
}

/// What one Data packet tells about its path.
struct PathSample: Sendable {
    /// Round-trip time, unless the segment had been sent more than once (Karn's rule).
    var rtt: TimeAmount?
    /// Time since the segment was last sent: at most the round-trip time.
    var sinceLast = TimeAmount.zero
    /// Data packets a second while this one was on its way; nil when unknown.
    var rate: Double?
    /// The time over which that was measured.
    var interval = TimeAmount.zero
    /// Interests were kept back by the readers' demand rather than by the path: the rate may be too low.
    var isDemandLimited = false
    /// Nothing was in flight when the Interest left, or the first of its flight, and that flight is all that was wanted.
    var isAfterPause = false
    /// The window was what kept further Interests back; otherwise it must not grow.
    var isWindowLimited = true
    /// Data packets that have arrived on the path, this one included.
    var delivered: UInt64 = 0
    /// The same, when the answered Interest left.
    var deliveredBefore: UInt64 = 0
    /// Interests that wait for Data.
    var inFlight = 0
    /// nil before the first sample.
    var smoothedRTT: TimeAmount?
    var now: NIODeadline
}
