import NIOCore

/// How many Interests may be in flight on one path.
///
/// The caller sees to it that `reduce` is called at most once a round trip.
protocol CongestionController: Sendable {
    /// The window, in Interests; at least 1.
    var window: Double { get }

    /// Data arrived.
    ///
    /// - Parameters:
    ///   - rtt: its round-trip time, unless the segment had been sent more than once.
    ///   - limited: the window was what kept further Interests back; otherwise it must not grow.
    ///   - smoothedRTT: nil before the first sample.
    mutating func received(rtt: TimeAmount?, limited: Bool, smoothedRTT: TimeAmount?, now: NIODeadline)

    /// Loss, a congestion mark or Nack Congestion.
    mutating func reduce(now: NIODeadline)

    /// Timeouts again, with no Data since the last: nothing is known about the path any more.
    mutating func collapse(now: NIODeadline)
}
