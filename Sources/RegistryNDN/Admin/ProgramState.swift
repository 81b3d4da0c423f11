internal import FoundationEssentials

/// How a program is at one moment: what its page and `top` show, docs/admin.md. Only the part of its own kind is there.
package struct ProgramState: Codable, Hashable, Sendable {
    /// Lists that peers could make long are cut to so many elements.
    package static let longest = 50

    package var program = ""
    package var version = ""
    package var commit = ""
    /// Seconds since 1970.
    package var started = 0.0
    package var now = 0.0
    package var health = Health()
    package var process = Process()
    /// What the log said of late in warnings and errors, oldest first.
    package var problems: [RecentProblems.Problem] = []
    package var client: ClientState?
    package var server: ServerState?
    package var forwarder: ForwarderState?

    package init() {}

    /// Whether the program does what it is there for.
    package struct Health: Codable, Hashable, Sendable {
        package enum State: String, Codable, Sendable {
            case ready, degraded
            case notReady = "not_ready"
        }

        package var state = State.ready
        /// What is wrong, in a few words.
        package var summary: String?
        /// Why it is not ready, or degraded.
        package var reason: String?
        /// What to do about it.
        package var remedy: String?

        package init(
            _ state: State = .ready, summary: String? = nil, reason: String? = nil, remedy: String? = nil
        ) {
            (self.state, self.summary, self.reason, self.remedy) = (state, summary, reason, remedy)
        }
    }

    package struct Process: Codable, Hashable, Sendable {
        package var memoryBytes: Int?
        package var cpuSeconds = 0.0
        package var openFiles: Int?

        package init() {}
    }

    // MARK: JSON

    /// One line, in UTF-8.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return Array(try encoder.encode(self))
    }

    package init(json: some Sequence<UInt8>) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(ProgramState.self, from: Data(json))
    }
}
