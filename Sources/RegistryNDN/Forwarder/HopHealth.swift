package import NDN
package import NIOCore

/// Whether what was sent to a face is answered, and how soon: no clock, no packets.
///
/// Anything that comes over a face shows that its peer lives. A face is silent when it was sent an Interest and nothing has come
/// since for the retransmission timeout (RFC 6298): another next hop is then better. What is silent is tried now and then, ever
/// more rarely, and so is what was never measured beside another of the same cost. The answer to a question that every forwarder
/// answers ends the fear that the peer is dead, not its silence: a server whose registry hangs answers that question and nothing
/// else.
package struct HopHealth: Sendable {
    /// The retransmission timeout before the first measurement, and its bounds: a producer that has to read what it is asked for
    /// takes longer than a round trip.
    static let initialTimeout = TimeAmount.seconds(1)
    static let minimumTimeout = TimeAmount.milliseconds(500)
    static let maximumTimeout = TimeAmount.seconds(2)
    /// Silence after which nothing more is expected of a peer that is also asked questions which every forwarder answers.
    static let death = TimeAmount.seconds(5)
    /// Between two trials, and between two questions, at most.
    private static let longestTrialPause = TimeAmount.seconds(16)
    private static let longestQuestionPause = TimeAmount.seconds(8)

    /// When the first Interest was sent that nothing has followed; nil while nothing is awaited.
    private(set) var awaited: NIODeadline?
    /// Whether the peer has answered a question, and nothing that it was asked before.
    private var isMute = false
    /// Whether anything that was awaited has come.
    private var hasAnswered = false
    private var smoothedNanoseconds: Int64 = 0
    private var variationNanoseconds: Int64 = 0
    /// The shortest round trip; nil before the first measurement. Other than a mean it does not change with the load, and so
    /// Interests do not swing between two next hops.
    package private(set) var shortest: TimeAmount?
    private var trial = DoublingPause(limit: Self.longestTrialPause)
    private var question = DoublingPause(limit: Self.longestQuestionPause)

    package init() {}

    /// RTO of RFC 6298, within bounds.
    var timeout: TimeAmount {
        guard shortest != nil else { return Self.initialTimeout }
        let plain = TimeAmount.nanoseconds(smoothedNanoseconds + 4 * variationNanoseconds)
        return min(max(plain, Self.minimumTimeout), Self.maximumTimeout)
    }

    /// Whether the face is silent.
    package func isSilent(now: NIODeadline) -> Bool { isMute || awaited.map { now - $0 >= timeout } ?? false }

    /// Whether anything that comes changes what is known.
    var listens: Bool { awaited != nil || isMute }

    /// Whether it has been silent for so long that nothing is expected of it any more.
    package func isDead(now: NIODeadline) -> Bool { awaited.map { now - $0 >= Self.death } ?? false }

    /// What is said of it to those who look.
    package func status(now: NIODeadline) -> FaceStatus.Health {
        if isSilent(now: now) { return .silent }
        return hasAnswered ? .answers : .untried
    }

    /// Whether one Interest may be spent to find out more.
    package func wantsTrial(now: NIODeadline) -> Bool {
        (shortest == nil || isSilent(now: now)) && trial.isOver(now: now)
    }

    /// When the peer should be asked whether it lives; nil while nothing is awaited.
    package var questionDue: NIODeadline? { awaited.map { max($0 + timeout, question.until ?? $0) } }

    /// An Interest was sent.
    package mutating func asked(now: NIODeadline) { awaited = awaited ?? now }

    /// An Interest was sent that is spent to find out more.
    package mutating func tried(now: NIODeadline) {
        if wantsTrial(now: now) { trial.begin(now: now) }
        asked(now: now)
    }

    /// The peer was asked whether it lives.
    package mutating func questioned(now: NIODeadline) { question.begin(now: now) }

    /// Something came, or a new connection to the peer was made.
    package mutating func heard(now: NIODeadline) {
        guard listens else { return }
        if isSilent(now: now) { trial.reset() }
        question.reset()
        awaited = nil
        isMute = false
        hasAnswered = true
    }

    /// The peer has answered the question whether it lives.
    package mutating func answeredQuestion(now: NIODeadline) {
        guard awaited != nil else { return }
        isMute = isSilent(now: now)
        question.reset()
        awaited = nil
    }

    /// Data came for an Interest that was sent once.
    package mutating func measured(_ roundTrip: TimeAmount) {
        let sample = max(roundTrip.nanoseconds, 1)
        guard let shortest else {
            (smoothedNanoseconds, variationNanoseconds) = (sample, sample / 2)
            self.shortest = .nanoseconds(sample)
            return
        }
        variationNanoseconds += (abs(smoothedNanoseconds - sample) - variationNanoseconds) / 4
        smoothedNanoseconds += (sample - smoothedNanoseconds) / 8
        self.shortest = min(shortest, .nanoseconds(sample))
    }
}
