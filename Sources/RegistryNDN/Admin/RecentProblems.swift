internal import DequeModule
internal import Synchronization

/// The last warnings and errors of a program's log.
package final class RecentProblems: Sendable {
    package struct Problem: Codable, Hashable, Sendable {
        /// Seconds since 1970.
        package var time: Double
        package var level: String
        /// The message and its fields, as the log for people has them.
        package var text: String

        package init(time: Double, level: String, text: String) {
            (self.time, self.level, self.text) = (time, level, text)
        }
    }

    /// How many are kept, and characters of each.
    static let limit = 20
    static let longest = 500

    private let problems = Mutex(Deque<Problem>())

    package init() {}

    /// Oldest first.
    package var all: [Problem] { problems.withLock { Array($0) } }

    package func add(_ problem: Problem) {
        var problem = problem
        if problem.text.unicodeScalars.count > Self.longest {
            problem.text = String(String.UnicodeScalarView(problem.text.unicodeScalars.prefix(Self.longest))) + "…"
        }
        problems.withLock { problems in
            if problems.count == Self.limit { problems.removeFirst() }
            problems.append(problem)
        }
    }
}
