import NIOCore

/// When a fetch ends because it waits in vain, and with which error; and when silence calls for a probe.
struct FetchTimers: Sendable {
    /// How long a face may be down before those who have another source than NDN turn to that: a router that is started
    /// again is back sooner, as a rule.
    private static let downTimeout = TimeAmount.seconds(1)

    let deadline: NIODeadline
    private let sizeDeadline: NIODeadline
    private let progressTimeout: TimeAmount
    private let silenceTimeout: TimeAmount
    /// New data, or the first Interest after a pause.
    var progress: NIODeadline
    /// Since when nothing that is wanted could be asked for because the face is down.
    private var downSince: NIODeadline?
    /// After Nack NoRoute nothing is sent until here.
    private(set) var holdUntil: NIODeadline?
    private var noRouteSince: NIODeadline?
    /// An application Nack stands for this segment until then.
    private var nacked: (segment: UInt64, until: NIODeadline)?
    /// When an Interest left or was answered last.
    var lastActivity: NIODeadline
    /// Probes since a segment came.
    private var probes = 0

    init(_ configuration: FetchConfiguration, deadline: NIODeadline, now: NIODeadline) {
        self.deadline = deadline
        sizeDeadline = min(now + configuration.sizeTimeout, deadline)
        progressTimeout = configuration.progressTimeout
        silenceTimeout = configuration.silenceTimeout
        progress = now
        lastActivity = now
    }

    /// What a fetch waits for when its timers are looked at.
    struct Wait {
        let isUp: Bool
        let hasSize: Bool
        /// There is another source than NDN.
        let canRepair: Bool
        /// Something is asked for, and some has come before; until then the time for the size counts alone.
        let isProgressing: Bool
        /// That the path is silent is a reason to turn to the other source.
        let mindsSilence: Bool
        /// The face is down, and something is asked for or would be if it were up.
        let isCutOff: Bool
    }

    /// The deadlines that stand, each with the error that it ends the fetch with; when several have passed, the first one counts.
    private func forEach(
        _ wait: Wait, _ path: borrowing FetchPath, now: NIODeadline, _ body: (NIODeadline, FetchError) -> Void
    ) {
        if let nacked { body(nacked.until, .notFound) }
        body(deadline, .deadline)
        if !wait.hasSize { body(sizeDeadline, wait.isUp ? .noSize : .faceDown) }
        if wait.isProgressing { body(progress + progressTimeout, wait.isUp ? .stalled : .faceDown) }
        if wait.mindsSilence {
            body(max(path.lastArrival, progress) + max(silenceTimeout, path.rtt.plainTimeout * 4), .stalled)
        }
        if wait.isCutOff {
            let timeout = wait.canRepair ? min(progressTimeout, Self.downTimeout) : progressTimeout
            // The time begins with the next call of `expired`.
            body(downSince.map { $0 + timeout } ?? now, .faceDown)
        }
    }

    /// The error that ends the fetch now; nil when it goes on.
    mutating func expired(_ wait: Wait, _ path: borrowing FetchPath, now: NIODeadline) -> FetchError? {
        downSince = wait.isCutOff ? downSince ?? now : nil
        var error: FetchError?
        forEach(wait, path, now: now) { if error == nil, now >= $0 { error = $1 } }
        return error
    }

    /// When ``expired(_:_:now:)`` gives an error at the earliest.
    func nextDeadline(_ wait: Wait, _ path: borrowing FetchPath, now: NIODeadline) -> NIODeadline {
        var next = deadline
        forEach(wait, path, now: now) { at, _ in next = min(next, at) }
        return next
    }

    /// When the oldest Interest in flight is sent again as a probe; nil when that was done often enough.
    func probeDeadline(_ oldest: SegmentRing.Slot, _ rtt: RTTEstimator) -> NIODeadline? {
        guard probes < 2 else { return nil }
        // One that NFD would drop is no probe.
        return max(
            lastActivity + rtt.probeDelay * (1 << probes),
            oldest.sent.sentAt + RTTEstimator.suppression(transmissions: oldest.transmissions))
    }

    mutating func probed(now: NIODeadline) {
        probes += 1
        lastActivity = now
    }

    /// A segment came over the path.
    mutating func received(_ segment: UInt64, now: NIODeadline) {
        progress = now
        probes = 0
        noRouteSince = nil
        if nacked?.segment == segment { nacked = nil }
    }

    /// A content store repeats an application Nack long after its freshness passed: when nothing else comes for 500 ms, it counts.
    mutating func nack(_ segment: UInt64, now: NIODeadline) {
        if nacked == nil { nacked = (segment, now + .milliseconds(500)) }
    }

    /// Whether another Nack NoRoute means that the path is gone: twice, 100 ms apart, with no Data in between.
    mutating func noRoute(now: NIODeadline) -> Bool {
        guard let since = noRouteSince else {
            noRouteSince = now
            holdUntil = now + .milliseconds(100)
            return false
        }
        return now - since >= .milliseconds(100)
    }

    /// Whether nothing may be sent yet.
    mutating func holds(now: NIODeadline) -> Bool {
        guard let holdUntil, now >= holdUntil else { return holdUntil != nil }
        self.holdUntil = nil
        return false
    }

    /// The face went down, and with it what Nacks have said.
    mutating func faceDown() {
        holdUntil = nil
        noRouteSince = nil
    }
}
