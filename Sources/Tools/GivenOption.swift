import ArgumentParser

/// An option that somebody gave, and where.
struct GivenOption: Sendable {
    enum Source: Hashable, Sendable {
        case commandLine
        case variable(String)
        /// A variable in a line of the `.env` file of this path.
        case line(Int, of: String, variable: String)
        /// A key of the configuration file of this path.
        case file(String, TextPlace)
    }

    /// What it is given; two are the same when the program would be started with the same words.
    enum Content: Hashable, Sendable {
        case isOn(Bool)
        /// As on the command line; several of an option that may be repeated.
        case values([String])
    }

    let option: CommandDescription.Option
    let source: Source
    let content: Content
    /// Where each value stands in the configuration file; empty elsewhere.
    var places: [TextPlace] = []
    /// Whether the program reads the variable itself, as the earlier Docker-Registry-NDN did.
    var isReadByProgram = false

    var name: String { "--\(option.name)" }

    /// As on the command line.
    var arguments: [String] {
        switch content {
        case .isOn(let isOn): isOn ? [name] : []
        case .values(let values): values.map { "\(name)=\($0)" }
        }
    }
}

extension GivenOption.Source: CustomStringConvertible {
    /// For people.
    var description: String {
        switch self {
        case .commandLine: "command line"
        case .variable(let name): "variable \(name)"
        case .line(let line, let path, let variable): "variable \(variable) in \(path):\(line)"
        case .file(let path, let place): "\(path):\(place)"
        }
    }
}
