internal import Synchronization

/// SignatureTime of command Interests: milliseconds since 1970, strictly rising.
///
/// NFD accepts a command only when its time is later than that of the last one from the same key, and all digest signers
/// count as one key (docs/protocol.md 8.2): one clock a process, shared by all registrations. It follows the machine's clock
/// when that is set back, since NFD takes no time far from its own either.
public final class CommandClock: Sendable {
    /// The clock of this process.
    public static let shared = CommandClock()

    private let last = Atomic<UInt64>(0)
    /// The latest time ever given out.
    private let latest = Atomic<UInt64>(0)
    /// Milliseconds: somewhat more than `RegistrationMachine` makes times run ahead of the clock on purpose.
    private static let slack: UInt64 = 100_000

    /// A clock of its own, for keys that no other program signs commands with; others share ``shared``.
    public init() {}

    /// A time later than every one given out before: `wallClock`, or one more than the last; unless the clock was set back.
    public func next(wallClock: UInt64 = WallClock.milliseconds()) -> UInt64 {
        var previous = last.load(ordering: .relaxed)
        while true {
            let isSetBack = previous > wallClock &+ Self.slack
            let time = isSetBack ? wallClock : max(wallClock, previous &+ 1)
            let (exchanged, original) = last.compareExchange(
                expected: previous, desired: time, ordering: .relaxed)
            if exchanged {
                _ = latest.max(time, ordering: .relaxed)
                return time
            }
            previous = original
        }
    }

    /// Milliseconds by which the machine's clock was set back since this one gave out a time; nil when it was not.
    func setBack(wallClock: UInt64 = WallClock.milliseconds()) -> UInt64? {
        let latest = latest.load(ordering: .relaxed)
        return latest > wallClock &+ Self.slack ? latest - wallClock : nil
    }
}
