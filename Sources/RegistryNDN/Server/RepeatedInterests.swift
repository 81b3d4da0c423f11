internal import NIOCore

/// One face's Interests for Data that is on its way there already.
///
/// A router with several consumers passes their Interests for one segment on again and again, NFD's best-route from 10 ms after
/// the first, since it cannot know how long the answer takes. On a long line each would be answered with the same Data once more.
/// Nobody can have missed a Data before the round trip of its Interest is over: until then a repetition is not answered. How long
/// that is the peer is asked, while repetitions come; a peer that answers no such question gets all that it asks for.
struct RepeatedInterests: Sendable {
    /// Who asks again later than this has missed the Data.
    static let longest = TimeAmount.seconds(1)
    /// Between two questions.
    static let interval = TimeAmount.seconds(1)
    /// How long an answer says how far the peer is.
    static let trust = TimeAmount.seconds(10)

    private struct Sample: Sendable {
        let roundTrip: TimeAmount
        let end: NIODeadline
    }

    private var newest: Sample?
    private var older: Sample?
    private var asked: NIODeadline?
    private var nextQuestion = NIODeadline.distantPast

    /// What to do with an Interest for Data that left not long ago.
    struct Verdict: Equatable {
        /// The Data leaves once more.
        let isAnswered: Bool
        /// The peer is to be asked how far it is, and ``heard(now:)`` told of its answer.
        let asks: Bool
    }

    /// - Parameter age: since the same Data left to this face.
    mutating func judge(age: TimeAmount, now: NIODeadline) -> Verdict {
        guard age < Self.longest else { return Verdict(isAnswered: true, asks: false) }
        let asks = now >= nextQuestion
        if asks {
            nextQuestion = now + Self.interval
            asked = now
        }
        return Verdict(isAnswered: age >= roundTrip(now: now), asks: asks)
    }

    /// The peer's answer to the question came.
    mutating func heard(now: NIODeadline) {
        guard let asked else { return }
        self.asked = nil
        older = newest
        newest = Sample(roundTrip: now - asked, end: now)
    }

    /// The shorter of the last two: queues come and go, and a repetition must not be missed for one that was there.
    private func roundTrip(now: NIODeadline) -> TimeAmount {
        guard let newest, now - newest.end < Self.trust else { return .zero }
        guard let older, now - older.end < Self.trust else { return newest.roundTrip }
        return min(newest.roundTrip, older.roundTrip)
    }
}
