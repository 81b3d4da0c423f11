import ArgumentParser

/// Where the options of the programs that run on come from: the command line, else a variable, else for `server` a line of
/// `./.env`, else the configuration file.
struct OptionSources: Sendable {
    static let programs: [any ParsableCommand.Type] = [ClientCommand.self, ForwarderCommand.self, ServerCommand.self]

    /// Of the program that runs; nil for other commands.
    @TaskLocal static var inForce: OptionSources?

    /// The subcommand; for `doctor` that of the program that it examines. Nil for commands that end by themselves.
    let program: String?
    /// Of the configuration file.
    let file: String?
    /// All options of the program; empty where nothing but the command line gives any.
    private(set) var options: [CommandDescription.Option] = []
    /// What variables and the configuration file give; also what the command line does, where there are `options`.
    private(set) var given: [GivenOption] = []
    /// Whether there is something to read again.
    let mayChange: Bool
    /// Whether they are to be shown, and nothing to be started.
    let isPrinted: Bool
    private let arguments: [String]

    /// Looks for options that the command line does not have.
    ///
    /// - Parameter arguments: those after the program's name.
    /// - Throws: `ValidationError` for what is wrong with a variable, with `.env` or with the configuration file.
    init(_ arguments: [String]) throws {
        self.arguments = arguments
        let commandLine = CommandLineOptions(arguments)
        isPrinted = commandLine.has(ConfigurationOptions.printing)
        guard let program = Self.program(arguments) else {
            (program, file, mayChange) = (nil, nil, false)
            return
        }
        self.program = program._commandName
        let variables = try OptionVariables(of: program)
        // What the command takes is looked at only where it matters: that takes some milliseconds.
        guard variables.areAny || variables.hasFile || isPrinted || commandLine.has(ConfigurationOptions.file) else {
            (file, mayChange) = (nil, false)
            return
        }
        options = try CommandDescription(of: program).options.filter { $0.name != ConfigurationOptions.printing }
        var given: [GivenOption] = []
        for option in options {
            if let written = try commandLine.given(option) ?? variables.given(option) { given.append(written) }
        }
        let naming = given.first { $0.option.name == ConfigurationOptions.file }
        file = naming?.lastValue
        mayChange = file != nil || variables.hasFile
        if let file {
            let known = try Self.programs.map {
                ConfigurationFile.Program(name: $0._commandName, options: try CommandDescription(of: $0).options)
            }
            let option =
                naming?.source == .commandLine
                ? "--\(ConfigurationOptions.file)" : OptionVariables.variable(ConfigurationOptions.file)
            let read = try ConfigurationFile(reading: file, named: option, for: program._commandName, known)
            let names = Set(given.map(\.option.name))
            given += read.given.filter { !names.contains($0.option.name) }
        }
        self.given = given
    }

    /// The program whose options these are; nil for others, and where only help is wanted.
    private static func program(_ arguments: [String]) -> (any ParsableCommand.Type)? {
        guard !arguments.contains(where: { ["--help", "-h", "--version"].contains($0) }) else { return nil }
        return named(arguments) ?? (isDoctors(arguments) ? ClientCommand.self : nil)
    }

    /// `doctor` examines a program that is called in the same way, a client unless another is named.
    private static func isDoctors(_ arguments: [String]) -> Bool { arguments.first == DoctorCommand._commandName }

    /// The program that the words before the options name.
    private static func named(_ arguments: [String]) -> (any ParsableCommand.Type)? {
        let name = arguments.dropFirst(isDoctors(arguments) ? 1 : 0).first
        return programs.first { $0._commandName == name }
    }

    /// The arguments with what variables and the file give.
    var complete: [String] {
        let added = given.filter { $0.source != .commandLine && !$0.isReadByProgram }.flatMap(\.arguments)
        let words = Self.isDoctors(arguments) && Self.named(arguments) != nil ? 2 : 1
        return arguments.prefix(words) + added + arguments.dropFirst(words)
    }

    /// What an option is given, by whom ever.
    subscript(option: String) -> GivenOption? { given.first { $0.option.name == option } }

    // MARK: Messages

    /// Which variables gave the options that a message speaks of; a line each.
    func origins(in message: String) -> String {
        spokenOf(in: message).compactMap { given in
            switch given.source {
            case .variable(let variable): "\(given.name) is given by the variable \(variable).\n"
            case .line(let line, let path, let variable):
                "\(given.name) is given by the variable \(variable) in line \(line) of \(path).\n"
            case .commandLine, .file: nil
            }
        }.joined()
    }

    /// A message behind the place of what it speaks of, where the configuration file has that.
    func located(_ message: String) -> String {
        for given in spokenOf(in: message) {
            guard case .file(let path, let place) = given.source else { continue }
            return "\(path):\(given.place(of: message) ?? place): \(message)"
        }
        return message
    }

    private func spokenOf(in message: String) -> [GivenOption] {
        let words = message.split { !($0 == "-" || $0.isLetter || $0.isNumber) }.map(String.init)
        // In the order in which the message does.
        return words.compactMap { word in given.first { $0.name == word } }.uniqued()
    }
}

extension [GivenOption] {
    fileprivate func uniqued() -> [GivenOption] {
        var names: Set<String> = []
        return filter { names.insert($0.name).inserted }
    }
}

extension GivenOption {
    fileprivate var lastValue: String? {
        guard case .values(let values) = content else { return nil }
        return values.last
    }

    /// Of the value that a message quotes; nil where it quotes none of several.
    fileprivate func place(of message: String) -> TextPlace? {
        guard case .values(let values) = content, values.count == places.count else { return nil }
        return zip(values, places).first { !$0.0.isEmpty && message.contains($0.0) }?.1
    }
}
