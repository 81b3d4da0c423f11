internal import NIOCore

/// Whether a path leaves most Interests of all its pulls together unanswered while a reader waits. A router that sends every
/// other Interest to a server that is gone, or a producer that gives a segment now and then, looks alive to whoever counts
/// progress.
struct SilenceWatch: Sendable {
    /// How long most Interests must have been left unanswered.
    static let window = TimeAmount.seconds(5)
    /// Fewer Interests than this in the window say nothing.
    private static let fewest: UInt64 = 4

    /// What was asked for and what came since the path is used.
    struct Counts: Sendable, Equatable {
        /// Interests sent.
        var interests: UInt64 = 0
        /// Segments received, and the bytes of their payloads.
        var segments: UInt64 = 0
        var octets: UInt64 = 0
        /// Segments that were asked for and have not come yet.
        var outstanding: UInt64 = 0
    }

    private var samples: [(at: NIODeadline, counts: Counts)] = []

    /// Notes the counts, once a second or so.
    ///
    /// - Parameter isAwaited: a reader waits for bytes. One that does not leaves nothing unanswered, whatever the path does.
    /// - Returns: the bytes a second that came in the window, when of the Interests that waited at its begin or left in it
    ///   more than half have no answer; nil otherwise.
    mutating func observe(_ counts: Counts, isAwaited: Bool, now: NIODeadline) -> Double? {
        guard isAwaited else {
            samples = []
            return nil
        }
        samples.append((now, counts))
        while samples.count > 1, samples[1].at + Self.window <= now { samples.removeFirst() }
        guard let first = samples.first, first.at + Self.window <= now else { return nil }
        let asked = first.counts.outstanding &+ (counts.interests &- first.counts.interests)
        let answered = counts.segments &- first.counts.segments
        guard asked >= Self.fewest, answered &* 2 < asked else { return nil }
        return Double(counts.octets &- first.counts.octets) * 1e9 / Double((now - first.at).nanoseconds)
    }

    /// Forgets the counts noted so far.
    mutating func reset() { samples = [] }
}
