import Logging
import Synchronization

/// Keeps what would be logged, for a command that says it in its own words.
final class LoggedNotes: Sendable {
    struct Note: Sendable {
        let level: Logger.Level
        let text: String
    }

    private let notes = Mutex<[Note]>([])

    /// Whose lines, from `notice` on, are kept.
    var logger: Logger { Logger(label: "notes") { _ in Handler(notes: self) } }

    /// In their order.
    var all: [Note] { notes.withLock { $0 } }

    private func add(_ note: Note) { notes.withLock { $0.append(note) } }

    private struct Handler: LogHandler {
        let notes: LoggedNotes
        var logLevel = Logger.Level.notice
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            notes.add(Note(level: event.level, text: event.message.description))
        }
    }
}
