import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// CUBIC, RFC 9438, counted in Interests, with HyStart++ for the first slow start.
struct Cubic: CongestionController {
    private static let c = 0.4
    private static let beta = 0.7
    /// Additive increase of the Reno-friendly region, RFC 9438 section 4.3.
    private static let alpha = 3 * (1 - beta) / (1 + beta)
    private static let minimumWindow = 2.0

    private(set) var window: Double
    private var slowStartThreshold = Double.infinity
    private var hyStart = HyStart()
    /// W_max, and the window before the last reduction.
    private var maximum = 0.0
    private var prior = 0.0
    /// Reno's estimate, W_est.
    private var estimate = 0.0
    /// Start of the current growth curve; nil until the first Data after a reduction.
    private var epoch: NIODeadline?
    private var k = 0.0
    private var last = NIODeadline.uptimeNanoseconds(0)

    init(initialWindow: Int) {
        window = Double(max(initialWindow, 1))
    }

    /// On a path that has been used before: slow start is over.
    init(resumingAt window: Double) {
        self.window = max(window, Self.minimumWindow)
        slowStartThreshold = self.window
    }

    mutating func received(_ sample: PathSample) {
        let now = sample.now
        defer { last = now }
        guard sample.isWindowLimited else {
            // Time in which the sender had nothing to send does not count, RFC 9438 section 5.8.
            if let start = epoch { epoch = start + (now - last) }
            return
        }
        guard window >= slowStartThreshold else { return slowStart(sample.rtt) }
        let start = epoch ?? startEpoch(now: now)
        let ahead = Double((now - start).nanoseconds + (sample.smoothedRTT ?? .zero).nanoseconds) / 1e9
        estimate += (estimate >= prior ? 1 : Self.alpha) / window
        let target = Self.c * (ahead - k) * (ahead - k) * (ahead - k) + maximum
        if target > window {
            window += (min(target, 1.5 * window) - window) / window
        }
        window = max(window, estimate)
    }

    private mutating func slowStart(_ rtt: TimeAmount?) {
        guard slowStartThreshold == .infinity else {
            window += 1  // A later slow start, up to the threshold that a loss has set.
            return
        }
        hyStart.received(rtt: rtt, window: window)
        switch hyStart.phase {
        case .slowStart: window += 1
        case .conservative: window += 0.25
        case .ended: slowStartThreshold = window
        }
    }

    private mutating func startEpoch(now: NIODeadline) -> NIODeadline {
        epoch = now
        maximum = max(maximum, window)
        k = cbrt((maximum - window) / Self.c)
        estimate = window
        return now
    }

    mutating func reduce(_ signal: CongestionSignal, inFlight: Int, now: NIODeadline) {
        // Fast convergence, RFC 9438 section 4.7.
        maximum = window < maximum ? window * (1 + Self.beta) / 2 : window
        prior = window
        window = max(window * Self.beta, Self.minimumWindow)
        slowStartThreshold = window
        epoch = nil
    }

    mutating func collapse(now: NIODeadline) {
        window = Self.minimumWindow
        epoch = nil
    }

    /// RFC 9438 section 4.9.
    mutating func undo(_ before: Cubic) {
        guard before.window > window else { return }
        self = before
    }
}
