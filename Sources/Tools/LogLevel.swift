import Logging
import Synchronization

/// From which level on a program logs; it may change while the program runs.
final class LogLevel: Sendable {
    private static let all = Logger.Level.allCases

    /// In `all`.
    private let index = Atomic(0)

    func set(_ level: Logger.Level) {
        index.store(Self.all.firstIndex(of: level) ?? 0, ordering: .relaxed)
    }

    var current: Logger.Level { Self.all[index.load(ordering: .relaxed)] }
}
