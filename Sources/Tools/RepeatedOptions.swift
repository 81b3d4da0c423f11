import ArgumentParser

/// Options that are given more often than they take values: the parser itself takes the last, and says nothing of the others.
struct RepeatedOptions {
    private let arguments: [String]

    /// - Parameter arguments: those after the program's name.
    init(_ arguments: [String]) { self.arguments = arguments }

    /// - Throws: `ValidationError` for an option that takes one value and is there twice.
    func check(in root: any ParsableCommand.Type) throws {
        let given = arguments.prefix { $0 != "--" }.compactMap(Self.option)
        // What the command takes is looked at only where something may be there twice: that takes some milliseconds.
        guard Self.mayRepeat(given.map(\.name)), !given.contains(where: \.isHelp) else { return }
        for option in try CommandDescription(of: command(in: root)).options
        where option.takesValue && !option.isRepeating {
            let here = given.filter { option.names.contains($0.name) }
            guard here.count > 1 else { continue }
            throw ValidationError(
                "\(here[1].text) is given \(here.count == 2 ? "twice" : "\(here.count) times"), and takes one value")
        }
    }

    /// Whether a name is there twice, or a letter beside a name that begins with it.
    private static func mayRepeat(_ names: [String]) -> Bool {
        Set(names).count < names.count
            || names.contains { letter in letter.count == 1 && names.contains { $0.count > 1 && $0.hasPrefix(letter) } }
    }

    /// The subcommand that the arguments begin with.
    func command(in root: any ParsableCommand.Type) -> any ParsableCommand.Type {
        var place = root
        for word in arguments.prefix(while: { !$0.hasPrefix("-") }) {
            guard let next = place.configuration.subcommands.first(where: { $0._commandName == word }) else { break }
            place = next
        }
        return place.configuration.defaultSubcommand ?? place
    }

    /// An option as it was written. No value of ours begins with a dash, but negative numbers.
    private struct Given {
        let name: String
        let text: String

        var isHelp: Bool { name == "help" || name == "h" }
    }

    private static func option(_ argument: String) -> Given? {
        let dashes = argument.prefix { $0 == "-" }
        let name = argument.dropFirst(dashes.count).prefix { $0 != "=" }
        guard let first = name.first, first.isLetter else { return nil }
        switch dashes.count {
        case 1: return Given(name: String(first), text: "-\(first)")
        case 2: return Given(name: String(name), text: "--\(name)")
        default: return nil
        }
    }
}
