import NIOCore

/// Data that arrives in lumps, as BBR's ACKs do (its `extra_acked`): how many packets come at once beyond what the rate explains.
/// The window is made larger by as many, and so covers the gaps between the lumps.
struct DataAggregation: Sendable {
    private var largest = WindowedMaximum(length: 10)
    private var start = NIODeadline.uptimeNanoseconds(0)
    private var arrived = 0.0

    /// Interests to add to the window: at most as many as the rate makes of 100 ms.
    private(set) var extra = 0.0

    mutating func received(_ sample: PathSample, rate: Double, round: UInt64) {
        let expected = rate * Double((sample.now - start).nanoseconds) / 1e9
        if arrived <= expected {
            arrived = 0
            start = sample.now
        }
        arrived += 1
        let excess = start == sample.now ? arrived : arrived - expected
        largest.add(max(excess, 0), round: round)
        extra = min(largest.value, rate / 10)
    }
}
