import ArgumentParser
import NDN

/// `registry-ndn strategy`: how a forwarder forwards.
struct StrategyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strategy", abstract: "Show or choose a forwarder's forwarding strategies.",
        subcommands: [List.self, Set.self, Unset.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the choices (strategy-choice/list).")

        @OptionGroup var forwarder: ForwarderOptions

        func run() async throws {
            try await forwarder.withSession { session in
                var table = TextTable(["PREFIX", "STRATEGY"])
                for choice in try await session.strategies() { table.add(["\(choice.name)", "\(choice.strategy)"]) }
                table.print()
            }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Choose the strategy of a prefix.",
            discussion: "The built-in forwarder has one strategy, best-route, and says so.")

        @Argument(help: "The prefix.", transform: NameArgument.parse)
        var prefix: Name

        @Argument(help: "best-route, multicast, asf, random, self-learning, or a strategy's whole name.")
        var strategy: String

        @OptionGroup var forwarder: ForwarderOptions

        func validate() throws { _ = try name() }

        private func name() throws -> Name {
            strategy.hasPrefix("/")
                ? try NameArgument.parse(strategy) : StrategyChoice.prefix.appending(.generic(strategy))
        }

        func run() async throws {
            let name = try name()
            try await forwarder.withSession(about: prefix) { session in
                try await session.setStrategy(name, for: prefix)
                Output.write("strategy of \(prefix) set to \(name) at \(session.router)\n")
            }
        }
    }

    struct Unset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Go back to the strategy of the next shorter prefix.")

        @Argument(help: "The prefix.", transform: NameArgument.parse)
        var prefix: Name

        @OptionGroup var forwarder: ForwarderOptions

        func run() async throws {
            try await forwarder.withSession(about: prefix) { session in
                try await session.unsetStrategy(of: prefix)
                Output.write("strategy of \(prefix) unset at \(session.router)\n")
            }
        }
    }
}
