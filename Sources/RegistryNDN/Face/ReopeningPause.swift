import NIOCore

/// The pause before a socket that the system closed is opened again: none after the first loss, then 40 ms, doubling to a
/// second with each loss that follows without a datagram between them.
struct ReopeningPause {
    private static let first = TimeAmount.milliseconds(40)
    private static let longest = TimeAmount.seconds(1)
    private var losses = 0

    /// The socket is lost; the pause, which may be zero.
    mutating func lost() -> TimeAmount {
        defer { losses += 1 }
        return losses == 0 ? .zero : Backoff.doubled(Self.first, losses - 1, limit: Self.longest)
    }

    /// A datagram has arrived.
    mutating func heard() {
        losses = 0
    }
}
