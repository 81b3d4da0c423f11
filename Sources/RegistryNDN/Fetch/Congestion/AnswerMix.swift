import NIOCore

/// Whether Data comes from near and far: from a cache that others fill, and from behind it.
struct AnswerMix: Sendable {
    /// Round-trip times below this part of the usual one are those of another source.
    private static let part = 4.0
    /// A path on which answers usually take less is not worth a difference.
    private static let least = 0.008
    private static let needed = 4
    /// Stretches with far answers alone until there is one source again.
    private static let patience = 6
    /// Without any far answer for so long the path has become shorter.
    private static let memory = TimeAmount.seconds(10)

    /// What answers from afar usually take, in seconds.
    private(set) var far = 0.0
    private var lastFar = NIODeadline.uptimeNanoseconds(0)
    /// Since when the stretch lasts: as long as answers from afar take.
    private var since = NIODeadline.uptimeNanoseconds(0)
    private var counts = (near: 0, all: 0)
    private var calm = Self.patience

    var isMixed: Bool { calm < Self.patience }

    /// Round-trip time of an answer.
    mutating func received(_ rtt: TimeAmount, now: NIODeadline) {
        let seconds = Double(rtt.nanoseconds) / 1e9
        counts.all += 1
        if seconds * Self.part >= far {
            far += (seconds - far) / (far == 0 ? 1 : 64)
            lastFar = now
        } else if now - lastFar > Self.memory {
            far = seconds
            lastFar = now
        } else {
            counts.near += 1
        }
        guard Double((now - since).nanoseconds) >= far * 1e9 else { return }
        let isMixed = far >= Self.least && counts.near >= max(Self.needed, counts.all / 32)
        calm = isMixed ? 0 : min(calm + 1, Self.patience)
        since = now
        counts = (0, 0)
    }
}
