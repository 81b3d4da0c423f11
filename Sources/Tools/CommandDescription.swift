import ArgumentParser
import FoundationEssentials

/// What a command takes, as far as it matters here, in the parser's own description. Making it takes some milliseconds.
struct CommandDescription {
    struct Option: Hashable, Sendable {
        /// All of its names without dashes, the letters too.
        let names: [String]
        /// The one that is a word.
        let name: String
        let takesValue: Bool
        let isRepeating: Bool
        /// What it is when nobody gives it, in the words of its help; nil where it says nothing.
        let usual: String?
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
                isRepeating: argument.isRepeating,
                usual: argument.defaultValue ?? argument.abstract.flatMap(Self.usual))
        }
    }

    /// Of "… (default: 30s)" or "… (env NAME; default 8)": what follows the word, up to the parenthesis.
    private static func usual(in abstract: String) -> String? {
        for part in abstract.split(separator: "(").dropFirst().reversed() {
            let inside = part.prefix { $0 != ")" }
            for clause in inside.split(separator: ";") {
                let words = clause.drop { $0 == " " }
                guard words.hasPrefix("default") else { continue }
                return String(words.dropFirst("default".count).drop { $0 == ":" || $0 == " " })
            }
        }
        return nil
    }

    private struct Dump: Decodable {
        struct Command: Decodable { let arguments: [Argument]? }

        struct Argument: Decodable {
            let kind: String
            let isRepeating: Bool
            let names: [Name]?
            let defaultValue: String?
            let abstract: String?
        }

        struct Name: Decodable {
            let kind: String
            let name: String
        }

        let command: Command
    }
}
