import NIOCore

/// How soon a router lets an Interest for the same name pass again.
///
/// NFD's best-route drops one that follows within 10 ms, and doubles that up to 250 ms; ndnd's drops all that follow within
/// 400 ms of the one that it forwarded. Neither says so: whoever asks sooner hears nothing, and takes more for lost than
/// is. So the first repetitions follow NFD's rule, and what becomes of them tells the two apart: with NFD one of them is lost
/// as rarely as any other Interest, with ndnd always, for 400 ms. Every second one repetition is early again, since the path may change.
package struct Suppression: Sendable {
    /// ndnd's time, and a twentieth more for jitter.
    private static let time = TimeAmount.milliseconds(400)
    static let long = TimeAmount.milliseconds(420)
    /// A silence as long has another reason.
    private static let outage = TimeAmount.seconds(1)
    private static let shortPath = TimeAmount.milliseconds(100)
    private static let probeInterval = TimeAmount.seconds(1)
    /// So many segments that came late, twice those that came soon taken off.
    private static let sure = 16
    /// What those that came soon may count for, in all.
    private static let trust = -32

    private var evidence = 0
    /// No repetition passes before ``long``.
    private(set) var isLong = false
    private var nextProbe = NIODeadline.uptimeNanoseconds(0)

    /// How long after its transmission number `count` (1 the first) a segment may be sent again.
    func delay(transmissions count: UInt8, now: NIODeadline) -> TimeAmount {
        isLong && !(count == 1 && now >= nextProbe) ? Self.long : RTTEstimator.suppression(transmissions: count)
    }

    /// A segment is sent for the second time, so long after the first.
    mutating func repeated(after gap: TimeAmount, now: NIODeadline) {
        if isLong, gap < Self.long { nextProbe = now + Self.probeInterval }
    }

    /// A segment that was sent more than once is here.
    ///
    /// With NFD a repetition that follows soon is answered soon; with ndnd nothing is until its time has passed.
    ///
    /// - Parameters:
    ///   - elapsed: since the first transmission.
    ///   - rtt: of the path; only where it is short were there repetitions that an answer could have followed.
    mutating func answered(after elapsed: TimeAmount, transmissions: UInt8, rtt: TimeAmount?) {
        guard let rtt, rtt < Self.shortPath else { return }
        if elapsed < Self.time {
            evidence = max(evidence - 2, Self.trust)
        } else if transmissions > 2, elapsed < Self.outage {
            evidence = min(evidence + 1, Self.sure)
        }
        if evidence == Self.sure { isLong = true }
        if evidence < Self.sure / 2 { isLong = false }
    }
}
