import ArgumentParser

/// Options of the programs that run on, given by environment variables: DOCKER_NDN_STALL_TIMEOUT=1m is `--stall-timeout 1m`.
struct OptionVariables {
    /// What a variable stands for.
    struct Given {
        let option: String
        let variable: String
        /// As on the command line; several of an option that may be repeated.
        let arguments: [String]
    }

    private(set) var given: [Given] = []
    private let arguments: [String]

    private static let prefix = "DOCKER_NDN_"
    static let programs: [any ParsableCommand.Type] = [ClientCommand.self, ForwarderCommand.self, ServerCommand.self]

    /// Options whose variables the programs read themselves, as the earlier Docker-Registry-NDN did.
    private static func areRead(by program: any ParsableCommand.Type) -> Set<String> {
        guard program == ServerCommand.self else { return ["log"] }
        return [
            "log", "registry", "name", "chunk-size", "concurrency", "fetch-chunks", "fetch-caches", "credentials",
            "repository",
        ]
    }

    /// Looks for variables of the options that the command line does not have; for `server` also in `./.env`.
    ///
    /// - Parameter arguments: those after the program's name.
    /// - Throws: `ValidationError` for a switch that is neither on nor off, and for a `.env` that cannot be read.
    init(_ arguments: [String]) throws {
        self.arguments = arguments
        // `doctor` examines a client that is called with the same variables.
        let called = arguments.first == DoctorCommand._commandName ? ClientCommand._commandName : arguments.first
        guard let program = Self.programs.first(where: { $0._commandName == called }),
            !arguments.contains(where: { ["--help", "-h", "--version"].contains($0) })
        else { return }
        let environment = program == ServerCommand.self ? try Environment() : .process()
        let areRead = Self.areRead(by: program)
        let variables = environment.names.filter { $0.hasPrefix(Self.prefix) }.subtracting(areRead.map(Self.variable))
        // What the command takes is looked at only where there are variables: that takes some milliseconds.
        guard !variables.isEmpty else { return }
        for option in try CommandDescription(of: program).options where !areRead.contains(option.name) {
            let variable = Self.variable(option.name)
            guard variables.contains(variable), let value = environment[variable], !isOnCommandLine(option.name) else {
                continue
            }
            let written = try Self.written(option, value, variable)
            given.append(Given(option: "--\(option.name)", variable: variable, arguments: written))
        }
    }

    /// The arguments with what variables give.
    var complete: [String] { arguments.prefix(1) + given.flatMap(\.arguments) + arguments.dropFirst() }

    /// Which variables gave the options that a message speaks of; a line each.
    func origins(in message: String) -> String {
        let words = message.split { !($0 == "-" || $0.isLetter || $0.isNumber) }.map(String.init)
        return given.filter { words.contains($0.option) }
            .map { "\($0.option) is given by the variable \($0.variable).\n" }.joined()
    }

    /// Whether a variable is that of an option of some program.
    static func exists(_ variable: String) -> Bool {
        programs.contains { program in
            let areRead = areRead(by: program)
            let options = try? CommandDescription(of: program).options
            return options?.contains { Self.variable($0.name) == variable && !areRead.contains($0.name) } ?? false
        }
    }

    static func variable(_ option: String) -> String {
        prefix + String(option.map { $0 == "-" ? "_" : Character($0.uppercased()) })
    }

    private func isOnCommandLine(_ name: String) -> Bool {
        arguments.prefix { $0 != "--" }.contains { $0 == "--\(name)" || $0.hasPrefix("--\(name)=") }
    }

    private static func written(
        _ option: CommandDescription.Option, _ value: String, _ variable: String
    ) throws -> [String] {
        guard option.takesValue else { return try isOn(value, variable) ? ["--\(option.name)"] : [] }
        let values = option.isRepeating ? value.split(whereSeparator: \.isWhitespace).map(String.init) : [value]
        return values.map { "--\(option.name)=\($0)" }
    }

    private static func isOn(_ value: String, _ variable: String) throws -> Bool {
        switch value.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw ValidationError("\(variable)=\(value): write 1 to switch it on, or 0 to leave it off")
        }
    }
}
