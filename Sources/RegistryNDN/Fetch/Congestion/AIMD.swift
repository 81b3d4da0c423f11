import NIOCore

/// Additive increase, multiplicative decrease as TCP NewReno has it, RFC 5681, counted in Interests.
struct AIMD: CongestionController {
    private static let beta = 0.5
    private static let minimumWindow = 2.0

    private(set) var window: Double
    private var slowStartThreshold = Double.infinity

    init(initialWindow: Int) {
        window = Double(max(initialWindow, 1))
    }

    mutating func received(_ sample: PathSample) {
        guard sample.isWindowLimited else { return }
        window += window < slowStartThreshold ? 1 : 1 / window
    }

    mutating func reduce(_ signal: CongestionSignal, inFlight: Int, now: NIODeadline) {
        window = max(window * Self.beta, Self.minimumWindow)
        slowStartThreshold = window
    }

    mutating func collapse(now: NIODeadline) {
        window = Self.minimumWindow
    }

    mutating func undo(_ before: AIMD) {
        window = max(window, before.window)
        slowStartThreshold = before.slowStartThreshold
    }
}
