import NIOCore

/// What all fetches over one face share: its round-trip times, its window and the order of transmissions.
struct FetchPath: Sendable {
    private(set) var rtt = RTTEstimator()
    private(set) var controller: any CongestionController
    private let makeController: @Sendable (_ initialWindow: Int) -> any CongestionController
    private let maximumWindow: Int
    /// Interests in flight, all fetches together.
    var inFlight = 0
    /// Nothing but the window kept the last Interest back.
    var isWindowLimited = false
    private var nextSequence: UInt64 = 1
    /// Transmissions below this left before the last reduction: their loss says nothing new. One reaction a round trip.
    private var recoverySequence: UInt64 = 0
    private var dataSinceTimeout = true

    init(
        initialWindow: Int, maximumWindow: Int,
        controller: @escaping @Sendable (_ initialWindow: Int) -> any CongestionController = {
            Cubic(initialWindow: $0)
        }
    ) {
        self.maximumWindow = max(maximumWindow, 1)
        makeController = controller
        self.controller = controller(initialWindow)
    }

    /// The window in whole Interests, within its bound.
    var window: Int { min(max(Int(min(controller.window, 1e9)), 1), maximumWindow) }

    /// The number of the next transmission; transmissions of all fetches are numbered in the order of sending.
    mutating func takeSequence() -> UInt64 {
        defer { nextSequence &+= 1 }
        return nextSequence
    }

    mutating func received(sample: TimeAmount?, isMarked: Bool, sequence: UInt64, now: NIODeadline) {
        dataSinceTimeout = true
        if let sample { rtt.sample(sample, inFlight: inFlight) }
        if isMarked {
            congestion(sequence: sequence, now: now)
        } else {
            let limited = isWindowLimited && controller.window < Double(maximumWindow)
            controller.received(rtt: sample, limited: limited, smoothedRTT: rtt.smoothed, now: now)
        }
    }

    mutating func sawReordering() {
        rtt.sawReordering()
    }

    /// A loss, mark or Nack Congestion that concerns transmission `sequence`.
    mutating func congestion(sequence: UInt64, now: NIODeadline) {
        guard sequence >= recoverySequence else { return }
        recoverySequence = nextSequence
        controller.reduce(now: now)
    }

    /// The retransmission timer of transmission `sequence` expired.
    mutating func timedOut(sequence: UInt64, now: NIODeadline) {
        guard sequence >= recoverySequence else { return }
        recoverySequence = nextSequence
        rtt.backOff()
        if dataSinceTimeout { controller.reduce(now: now) } else { controller.collapse(now: now) }
        dataSinceTimeout = false
    }

    /// The connection is new: nothing learnt holds.
    mutating func reset(initialWindow: Int) {
        rtt = RTTEstimator()
        controller = makeController(initialWindow)
        recoverySequence = nextSequence
        isWindowLimited = false
        dataSinceTimeout = true
    }
}
