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
            let meant = Self.nearest(to: word, among: known)
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

    /// The name that `word` may have been meant to be: with at most two letters wrong and more of them right, or its begin.
    static func nearest(to word: String, among names: [String]) -> String? {
        let candidates = names.map { (name: $0, distance: $0.hasPrefix(word) ? 0 : distance(from: word, to: $0)) }
        let nearest = candidates.min { $0.distance < $1.distance }
        return nearest.flatMap { $0.distance <= 2 && 2 * $0.distance < word.count ? $0.name : nil }
    }

    /// How many letters must be added, left out, replaced or exchanged with the next one to make one word of the other.
    private static func distance(from one: String, to other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        // Row i has the distance of the first i letters to each begin of `other`.
        var rows = [Array(0...other.count)]
        for i in one.indices {
            var row = [i + 1]
            for j in other.indices {
                var least = min(rows[i][j] + (one[i] == other[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[one.count][other.count]
    }
}
