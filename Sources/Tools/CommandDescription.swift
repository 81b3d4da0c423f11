import ArgumentParser
import FoundationEssentials

/// What a command takes, as far as it matters here, in the parser's own description. Making it takes some milliseconds.
struct CommandDescription {
    struct Option {
        /// All of its names without dashes, the letters too.
        let names: [String]
        /// The one that is a word.
        let name: String
        let takesValue: Bool
        let isRepeating: Bool
    }

    /// Options and switches, but `--help` and `--version`.
    let options: [Option]

    init(of command: any ParsableCommand.Type) throws {
        let dumped = try JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8))
        options = (dumped.command.arguments ?? []).compactMap { argument in
            guard argument.kind != "positional", let name = argument.names?.first(where: { $0.kind == "long" })?.name,
                name != "help", name != "version"
            else { return nil }
            return Option(
                names: (argument.names ?? []).map(\.name), name: name, takesValue: argument.kind == "option",
                isRepeating: argument.isRepeating)
        }
    }

    private struct Dump: Decodable {
        struct Command: Decodable { let arguments: [Argument]? }

        struct Argument: Decodable {
            let kind: String
            let isRepeating: Bool
            let names: [Name]?
        }

        struct Name: Decodable {
            let kind: String
            let name: String
        }

        let command: Command
    }
}
