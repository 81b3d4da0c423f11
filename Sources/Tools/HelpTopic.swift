import ArgumentParser

/// What `registry-ndn help NAME…` asks about.
struct HelpTopic {
    let names: [String]

    /// nil for any other command line.
    init?(_ arguments: [String]) {
        guard arguments.first == "help" else { return nil }
        names = arguments.dropFirst().filter { !$0.hasPrefix("-") }
    }

    /// - Throws: `ValidationError` when there is no such subcommand: the parser itself would show the help of all.
    func check(in root: any ParsableCommand.Type) throws {
        var place = root
        var path = root.configuration.commandName ?? ""
        for name in names {
            var known: [String: any ParsableCommand.Type] = [:]
            for subcommand in place.configuration.subcommands {
                if let name = subcommand.configuration.commandName { known[name] = subcommand }
            }
            guard let next = known[name] else { throw Self.unknown(name, below: path, known.keys.sorted()) }
            place = next
            path += " \(name)"
        }
    }

    private static func unknown(_ name: String, below path: String, _ known: [String]) -> ValidationError {
        guard !known.isEmpty else { return ValidationError("\(path) has no subcommands, and so no \"\(name)\"") }
        return ValidationError("\(path) has no subcommand \"\(name)\"; known are \(known.joined(separator: ", "))")
    }
}
