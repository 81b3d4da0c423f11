import ArgumentParser

/// The subcommands that a command line names, or that `help` is asked about. The parser itself calls an unknown one an
/// unexpected argument, and shows the help of all to whoever asks for that of an unknown one.
struct SubcommandWords {
    private let words: [String]
    private let isHelp: Bool

    /// - Parameter arguments: those after the program's name.
    init(_ arguments: [String]) {
        isHelp = arguments.first == "help"
        words =
            isHelp
            ? arguments.dropFirst().filter { !$0.hasPrefix("-") } : Array(arguments.prefix { !$0.hasPrefix("-") })
    }

    /// - Throws: `ValidationError` when there is no such subcommand.
    func check(in root: any ParsableCommand.Type) throws {
        var place = root
        var path = root._commandName
        for word in words {
            let subcommands = place.configuration.subcommands
            if let next = subcommands.first(where: { $0._commandName == word }) {
                place = next
                path += " \(word)"
                continue
            }
            // What follows are arguments of the command itself.
            guard isHelp || !subcommands.isEmpty else { return }
            let known = subcommands.map { $0._commandName }.sorted()
            let meant = NearestName.nearest(to: word, among: known)
            // So it is with what a usual subcommand takes, unless it looks like one that is mistyped.
            guard isHelp || place.configuration.defaultSubcommand == nil || meant != nil else { return }
            throw Self.unknown(word, below: path, known, meant)
        }
    }

    private static func unknown(
        _ word: String, below path: String, _ known: [String], _ meant: String?
    ) -> ValidationError {
        guard !known.isEmpty else { return ValidationError("\(path) has no subcommands, and so no '\(word)'") }
        let hint = meant.map { "did you mean '\($0)'?" } ?? "known are \(known.joined(separator: ", "))"
        return ValidationError("\(path) has no subcommand '\(word)'; \(hint)")
    }
}
