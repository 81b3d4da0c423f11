import NIOCore

extension SegmentFetch {
    /// Does what the clock asks for: takes segments for lost, repeats one as a probe, or ends the fetch.
    ///
    /// - Parameter isUp: whether the face is up; without it only the terminal timers run.
    mutating func advance(_ path: inout FetchPath, isUp: Bool, now: NIODeadline) {
        guard !isOver else { return }
        timers.downSince = !isUp && isWanted ? timers.downSince ?? now : nil
        checkTerminalTimers(path, isUp: isUp, now: now)
        guard failure == nil, isUp else { return }
        detectLosses(&path, now: now)
        probe(&path, now: now)
    }

    /// When ``advance(_:isUp:now:)`` or ``nextInterest(_:now:)`` has something to do, if no packet comes before.
    ///
    /// What is due already but could not be sent waits for a packet, not for the clock.
    func nextDeadline(_ path: borrowing FetchPath, isUp: Bool, now: NIODeadline) -> NIODeadline {
        var next = timers.deadline
        if size == nil { next = min(next, timers.sizeDeadline) }
        if isProgressing { next = min(next, timers.progress + timers.progressTimeout) }
        if let nacked = timers.nacked { next = min(next, nacked.until) }
        guard isUp else {
            guard isWanted else { return next }
            // The time begins with the next call of `advance`.
            return min(next, timers.downSince.map { $0 + downTimeout } ?? now)
        }
        if let silence = silenceDeadline(path) { next = min(next, silence) }
        if let hold = timers.holdUntil, hold > now { return min(next, hold) }
        if let index = ring.firstLost {
            let ready = readyAgain(index, path, now: now)
            if ready > now { next = min(next, ready) }
        }
        if let oldest = ring.oldestInFlight { next = min(next, ring[oldest].sent.sentAt + path.rtt.timeout) }
        if let probe = probeDeadline(path) { next = min(next, probe) }
        if let overtaken = firstOvertaken { next = min(next, whenLost(overtaken, path)) }
        return next
    }

    /// Something is asked for.
    private var isWaiting: Bool { ring.inFlight > 0 || ring.lost > 0 || holes.open > 0 || timers.holdUntil != nil }

    /// The progress timer runs: something came before. Until then the time for the size counts alone.
    private var isProgressing: Bool { isWaiting && confirmedGeometry != nil }

    /// Something is asked for, or would be if the face were up.
    private var isWanted: Bool { isWaiting || wantsFinal || unsent < sequentialEnd }

    /// How long the face may be down while something is wanted.
    private var downTimeout: TimeAmount {
        canRepair ? min(timers.progressTimeout, Self.downTimeout) : timers.progressTimeout
    }

    /// When the path has been silent for so long that this fetch goes on from elsewhere; nil when it does not, or when nothing
    /// is asked for. Until the size is known the time for the size counts alone.
    private func silenceDeadline(_ path: borrowing FetchPath) -> NIODeadline? {
        guard canRepair, outstanding > 0, size != nil else { return nil }
        return max(path.lastArrival, timers.progress) + max(timers.silenceTimeout, path.rtt.plainTimeout * 4)
    }

    private mutating func checkTerminalTimers(_ path: borrowing FetchPath, isUp: Bool, now: NIODeadline) {
        if let nacked = timers.nacked, now >= nacked.until { return fail(.notFound) }
        if now >= timers.deadline { return fail(.deadline) }
        if size == nil, now >= timers.sizeDeadline { return fail(isUp ? .noSize : .faceDown) }
        if isProgressing, now >= timers.progress + timers.progressTimeout { fail(isUp ? .stalled : .faceDown) }
        if isUp, let silence = silenceDeadline(path), now >= silence { fail(.stalled) }
        if let since = timers.downSince, now >= since + downTimeout { fail(.faceDown) }
    }

    /// Retransmission timer and overtaking, in one walk over the oldest Interests in flight.
    private mutating func detectLosses(_ path: inout FetchPath, now: NIODeadline) {
        let timeout = path.rtt.timeout
        let overtaken = path.rtt.overtakenDelay
        var next = ring.oldestInFlight
        while let index = next {
            next = ring.sentAfter(index)
            let slot = ring[index]
            if now >= slot.sent.sentAt + timeout {
                statistics.timeouts += 1
                lose(index, &path)
                ring[index].episode = path.timedOut(slot.sent, now: now)
                if slot.wantsFresh && slot.transmissions >= Holes.patience { makeHole(index, &path) }
            } else if index != capacity, now < slot.sent.sentAt + overtaken || slot.sent.sequence >= latestAnswered {
                return  // Everything behind it left later still.
            } else if isOvertaken(index), now >= whenLost(index, path) {
                statistics.overtaken += 1
                lose(index, &path)
                ring[index].episode = path.lost(slot.sent, now: now)
            }
        }
    }

    /// A later transmission was answered. The final segment is asked for out of order, and the producer may have to
    /// read it from elsewhere, so only its timer counts.
    private func isOvertaken(_ index: Int) -> Bool {
        index != capacity && ring[index].sent.sequence < latestAnswered
    }

    private func whenLost(_ index: Int, _ path: borrowing FetchPath) -> NIODeadline {
        ring[index].sent.sentAt
            + max(path.rtt.overtakenDelay, RTTEstimator.suppression(transmissions: ring[index].transmissions))
    }

    private var firstOvertaken: Int? {
        guard let oldest = ring.oldestInFlight else { return nil }
        let first = oldest == capacity ? ring.sentAfter(oldest) : oldest
        return first.flatMap { isOvertaken($0) ? $0 : nil }
    }

    mutating func lose(_ index: Int, _ path: inout FetchPath) {
        path.forget(1)
        ring.lose(index)
    }

    // MARK: Probing

    private func probeDeadline(_ path: borrowing FetchPath) -> NIODeadline? {
        guard let oldest = ring.oldestInFlight, timers.probes < 2 else { return nil }
        // One that NFD would drop is no probe.
        return max(
            timers.lastActivity + path.rtt.probeDelay * (1 << timers.probes),
            ring[oldest].sent.sentAt + RTTEstimator.suppression(transmissions: ring[oldest].transmissions))
    }

    /// Silence: the oldest Interest is sent again before its timer expires, since a lost tail has nothing behind it that
    /// could overtake it. This is no sign of congestion.
    private mutating func probe(_ path: inout FetchPath, now: NIODeadline) {
        guard let deadline = probeDeadline(path), now >= deadline, let oldest = ring.oldestInFlight else { return }
        timers.probes += 1
        timers.lastActivity = now
        if ring[oldest].transmissions < maximumTransmissions { lose(oldest, &path) }
    }

    // MARK: Nacks and the face

    /// A Nack of the network for the Interest of `segment`; one for an earlier transmission (another Nonce) says nothing.
    mutating func receiveNack(
        _ reason: FetchNack, segment: UInt64, nonce: UInt32?, _ path: inout FetchPath, now: NIODeadline
    ) {
        path.noteArrival(now: now)
        guard failure == nil, let index = awaited(segment), ring[index].state == .inFlight else { return }
        let sequence = ring[index].sent.sequence
        guard nonce ?? path.nonce(sequence) == path.nonce(sequence) else { return }
        statistics.nacks += 1
        lose(index, &path)
        switch reason {
        case .congestion: path.congestion(.nack, sequence: sequence, now: now)
        case .duplicate: break
        case .noRoute: noRoute(now: now)
        }
    }

    /// Twice, 100 ms apart, with no Data in between: the path is gone.
    private mutating func noRoute(now: NIODeadline) {
        guard let since = timers.noRouteSince else {
            timers.noRouteSince = now
            timers.holdUntil = now + .milliseconds(100)
            return
        }
        if now - since >= .milliseconds(100) { fail(.noRoute) }
    }

    /// ContentType Nack: a content store repeats it long after its freshness passed, so it counts only when it comes
    /// again for an Interest with MustBeFresh, or nothing does for 500 ms. Once there were segments it is a fault of this
    /// one.
    mutating func applicationNack(_ index: Int, segment: UInt64, _ path: inout FetchPath, now: NIODeadline) {
        if confirmedGeometry != nil || segment != 0 { return refuse(index, .notFound, &path) }
        if ring[index].isFresh { return fail(.notFound) }
        mustBeFresh = true
        if timers.nacked == nil { timers.nacked = (segment, now + .milliseconds(500)) }
        if ring[index].state == .inFlight { lose(index, &path) }
    }

    /// The face went down: what was in flight is gone, and that says nothing about congestion.
    mutating func loseFlight(_ path: inout FetchPath) {
        while let index = ring.oldestInFlight {
            lose(index, &path)
            ring[index].transmissions = max(ring[index].transmissions, 1) - 1
        }
        timers.holdUntil = nil
        timers.noRouteSince = nil
    }
}

/// Reasons of a network Nack as a fetch distinguishes them.
package enum FetchNack: Sendable {
    case congestion, duplicate, noRoute
}
