internal import NIOCore

/// Whether a command that failed is worth another try, and how: for commands that a person waits for.
///
/// The first 403 may come from another program's command in the same millisecond: a later time is enough. More of them come
/// from a program whose clock is ahead, as NFD counts all digest signers as one key (docs/protocol.md 8.2): step past it,
/// within the 120 s that NFD allows. A key of our own has at most our other programs beside it.
struct CommandRetry {
    /// Milliseconds that the times of further attempts are ahead of the clock.
    static let ahead: [UInt64] = [0, 1000, 4000, 16000, 64000]
    /// Attempts after silence over UDP, where packets get lost.
    private static let silences = 2

    private let isShared: Bool
    private let silences: Int
    private var rejections = 0
    private var timeouts = 0

    /// - Parameters:
    ///   - isShared: whether others sign with the same key, as with a digest.
    ///   - isLossy: whether packets get lost on the way.
    init(isShared: Bool, isLossy: Bool) {
        self.isShared = isShared
        silences = isLossy ? Self.silences : 0
    }

    /// The next attempt: after this pause, with a time so many milliseconds ahead. Nil: give up.
    mutating func next(after reason: CommandError.Reason) -> (pause: TimeAmount, ahead: UInt64)? {
        switch reason {
        case .rejected(403, _):
            guard rejections < (isShared ? Self.ahead.count : 1) else { return nil }
            defer { rejections += 1 }
            return (.milliseconds(20), Self.ahead[rejections])
        case .timeout:
            timeouts += 1
            return timeouts <= silences ? (.zero, 0) : nil
        case .rejected, .nack, .faceDown, .malformed, .remote: return nil
        }
    }
}
