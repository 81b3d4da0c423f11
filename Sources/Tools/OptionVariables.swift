import ArgumentParser
import Logging

/// Options of the programs that run on, given by environment variables: DOCKER_NDN_STALL_TIMEOUT=1m is `--stall-timeout 1m`.
struct OptionVariables {
    private static let prefix = "DOCKER_NDN_"

    /// Variables that the programs read themselves, as the earlier Docker-Registry-NDN did; those with another name than the option's.
    private static let own = [
        "repository": "DOCKER_NDN_REPOSITORIES", "uplink": "NDNTS_UPLINK", "keychain": "NDNTS_KEYCHAIN",
    ]

    /// Options whose variables the programs read themselves.
    private static func areRead(by program: any ParsableCommand.Type) -> Set<String> {
        guard program == ServerCommand.self else { return ["log"] }
        return [
            "log", "registry", "name", "chunk-size", "concurrency", "fetch-chunks", "fetch-caches", "credentials",
            "repository",
        ]
    }

    private let environment: Environment
    private let areRead: Set<String>
    private let isServer: Bool
    private let names: Set<String>

    /// - Throws: `ValidationError` for a `.env` that cannot be read; only `server` has one.
    init(of program: any ParsableCommand.Type) throws {
        isServer = program == ServerCommand.self
        environment = isServer ? try Environment() : .process()
        areRead = Self.areRead(by: program)
        names = environment.names.filter { $0.hasPrefix(Self.prefix) }
    }

    /// Whether there is any that is not read by the program itself.
    var areAny: Bool { !names.subtracting(areRead.map(Self.variable)).isEmpty }

    /// Whether there is a file of variables, which may change.
    var hasFile: Bool { environment.hasFile }

    /// - Throws: `ValidationError` for a switch that is neither on nor off.
    func given(_ option: CommandDescription.Option) throws -> GivenOption? {
        let isRead = areRead.contains(option.name)
        let variable = Self.variable(option.name)
        if !isRead, let value = environment[variable], let source = environment.source(of: variable) {
            return GivenOption(option: option, source: source, content: try Self.content(option, value, variable))
        }
        let own = isServer ? Self.own[option.name] ?? (isRead ? variable : nil) : isRead ? variable : nil
        guard let own, let value = environment[own], let source = environment.source(of: own) else { return nil }
        return GivenOption(
            option: option, source: source, content: .values(try Self.values(option.name, value, environment)),
            isReadByProgram: true)
    }

    /// Of a variable that the program reads itself.
    private static func values(_ option: String, _ value: String, _ environment: Environment) throws -> [String] {
        switch option {
        case "repository": value.split(separator: ",").map(String.init)
        case "log": [try LogOptions.level(environment)?.rawValue ?? value]
        default: [value]
        }
    }

    /// Whether a variable is that of an option of some program.
    static func exists(_ variable: String) -> Bool {
        OptionSources.programs.contains { program in
            let areRead = areRead(by: program)
            let options = try? CommandDescription(of: program).options
            return options?.contains { option in
                Self.variable(option.name) == variable && !areRead.contains(option.name)
                    && option.name != ConfigurationOptions.printing
            } ?? false
        }
    }

    static func variable(_ option: String) -> String {
        prefix + String(option.map { $0 == "-" ? "_" : Character($0.uppercased()) })
    }

    private static func content(
        _ option: CommandDescription.Option, _ value: String, _ variable: String
    ) throws -> GivenOption.Content {
        guard option.takesValue else { return .isOn(try isOn(value, variable)) }
        return .values(option.isRepeating ? value.split(whereSeparator: \.isWhitespace).map(String.init) : [value])
    }

    private static func isOn(_ value: String, _ variable: String) throws -> Bool {
        switch value.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw ValidationError("\(variable)=\(value): write 1 to switch it on, or 0 to leave it off")
        }
    }
}
