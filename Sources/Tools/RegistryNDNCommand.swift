import ArgumentParser
import NDN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

struct RegistryNDNCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry-ndn",
        abstract: "Docker registry blobs over Named Data Networking.",
        discussion: """
            Options of client, forwarder and server may be given by environment variables as well: DOCKER_NDN_CACHE_SIZE=1G is \
            --cache-size 1G; and by lines of a file that --config FILE names: cache-size = "1G". The command line goes first, then the \
            variable.
            """,
        version: Version.text,
        subcommands: [
            ClientCommand.self, ForwarderCommand.self, FetchCommand.self, ServerCommand.self, KeygenCommand.self,
            CertCommand.self, RegisterCommand.self, UnregisterCommand.self, RoutesCommand.self, FacesCommand.self,
            StrategyCommand.self, PingCommand.self, HealthCommand.self, DoctorCommand.self, SetupCommand.self,
            TopCommand.self, MeasureCommand.self,
        ])
}

@main
enum Program {
    static func main() async {
        // Before anything else opens a file.
        StandardDescriptors.openClosed()
        SettingWords.callOptions()
        let arguments = ProcessArguments.afterName()
        var called: any ParsableCommand.Type = RegistryNDNCommand.self
        var sources: OptionSources?
        do {
            try SubcommandWords(arguments).check(in: RegistryNDNCommand.self)
            let repeated = RepeatedOptions(arguments)
            called = repeated.command(in: RegistryNDNCommand.self)
            try repeated.check(in: RegistryNDNCommand.self)
            let options = try OptionSources(arguments)
            sources = options
            try await OptionSources.$inForce.withValue(options) {
                var command = try await RegistryNDNCommand.asyncParseAsRoot(NegativeValues.attached(options.complete))
                called = type(of: command)
                guard called.configuration.subcommands.isEmpty else { throw MissingSubcommand() }
                if options.isPrinted {
                    try (command as? any CheckedCommand)?.check()
                    return Output.write(options.printed)
                }
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            }
        } catch let error as ValidationError {
            // About a command that runs or was to, whose usage is its own and not the root's.
            let message = sources?.located("\(error)") ?? "\(error)"
            Terminal.write("Error: \(message)\n\(sources?.origins(in: "\(error)") ?? "")\(usage(of: called))\n")
            exit(ExitCode.validationFailure.rawValue)
        } catch is MissingSubcommand {
            Terminal.write(RegistryNDNCommand.helpMessage(for: called) + "\n\nError: no subcommand is given\n")
            exit(ExitCode.validationFailure.rawValue)
        } catch {
            let status = RegistryNDNCommand.exitCode(for: error)
            guard !status.isSuccess else { RegistryNDNCommand.exit(withError: error) }
            let message = RegistryNDNCommand.message(for: error)
            let whole = RegistryNDNCommand.fullMessage(for: error)
            guard !whole.isEmpty else { exit(status.rawValue) }
            // The parser itself would write it as it is, with the passwords of URLs.
            Terminal.write(sources?.origins(in: message) ?? "")
            let located = sources?.located(message) ?? message
            let said = located == message ? whole : "Error: \(located)\(whole.dropFirst("Error: \(message)".count))"
            Terminal.write(said + "\n")
            exit(status.rawValue)
        }
    }

    /// The parser itself shows the help then, and is content: a script that has lost a word would be too.
    private struct MissingSubcommand: Error {}

    /// As the parser itself writes it below an error.
    private static func usage(of command: any ParsableCommand.Type) -> String {
        let usage = RegistryNDNCommand.usageString(for: command)
        let names = usage.split(separator: " ").prefix { $0 != "<options>" && $0 != "<subcommand>" && $0.first != "[" }
        return "Usage: \(usage)\n  See '\(names.joined(separator: " ")) --help' for more information."
    }
}
