import ArgumentParser

/// Options as a command line gives them, read as the parser itself does.
struct CommandLineOptions {
    private let arguments: [String]

    /// - Parameter arguments: those after the program's name.
    init(_ arguments: [String]) {
        self.arguments = Array(NegativeValues.attached(arguments).prefix { $0 != "--" })
    }

    func has(_ name: String) -> Bool { arguments.contains { $0 == "--\(name)" || $0.hasPrefix("--\(name)=") } }

    /// What it gives an option; nil when that is not there.
    func given(_ option: CommandDescription.Option) -> GivenOption? {
        guard has(option.name) else { return nil }
        guard option.takesValue else {
            return GivenOption(option: option, source: .commandLine, content: .isOn(true))
        }
        var values: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument.hasPrefix("--\(option.name)=") {
                values.append(String(argument.dropFirst(option.name.count + 3)))
            } else if argument == "--\(option.name)", index + 1 < arguments.count {
                // What is missing there the parser says.
                values.append(arguments[index + 1])
            }
        }
        return GivenOption(option: option, source: .commandLine, content: .values(values))
    }
}
