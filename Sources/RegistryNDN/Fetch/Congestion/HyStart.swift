import NIOCore

/// HyStart++, RFC 9406: ends slow start when round-trip times begin to rise, before the queue overflows.
///
/// A round is as many Data packets as the window held at its start.
struct HyStart: Sendable {
    /// How slow start goes on.
    enum Phase: Sendable {
        case slowStart
        /// Conservative slow start: a quarter of the growth, until it is certain.
        case conservative
        case ended
    }

    private static let samplesNeeded = 8
    private static let conservativeRounds = 5

    private(set) var phase = Phase.slowStart
    private var left = 0
    private var samples = 0
    private var lastMinimum = Int64.max
    private var currentMinimum = Int64.max
    /// The round's minimum when conservative slow start began.
    private var baseline = Int64.max
    private var rounds = 0

    mutating func received(rtt: TimeAmount?, window: Double) {
        if left <= 0 { beginRound(window) }
        left -= 1
        guard let rtt else { return }
        samples += 1
        currentMinimum = min(currentMinimum, rtt.nanoseconds)
        guard samples >= Self.samplesNeeded else { return }
        switch phase {
        case .slowStart:
            guard lastMinimum < .max else { return }
            let threshold = min(max(lastMinimum / 8, 4_000_000), 16_000_000)
            if currentMinimum >= lastMinimum + threshold {
                phase = .conservative
                baseline = currentMinimum
                rounds = 0
            }
        case .conservative:
            if currentMinimum < baseline { phase = .slowStart }
        case .ended: break
        }
    }

    private mutating func beginRound(_ window: Double) {
        left = Int(window)
        if samples > 0 { lastMinimum = currentMinimum }
        currentMinimum = .max
        samples = 0
        guard case .conservative = phase else { return }
        rounds += 1
        if rounds > Self.conservativeRounds { phase = .ended }
    }
}
