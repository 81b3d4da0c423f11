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
            discussion: """
                With --site, NFD is told that it is the cache of a site: an Interest of one consumer for what another has asked \
                for already is not passed on for another 200 ms, so that each blob crosses the line to the registry once. The \
                built-in forwarder does so by itself; it has one strategy, best-route.
                """)

        @Argument(help: "The prefix.", transform: NameArgument.parse)
        var prefix: Name

        @Argument(help: "best-route, multicast, asf, random, self-learning, or a strategy's whole name.")
        var strategy: String?

        @Flag(help: "The strategy for a forwarder that is the cache of a site, before a long line to the registry.")
        var site = false

        @OptionGroup var forwarder: ForwarderOptions

        func validate() throws { _ = try name() }

        private func name() throws -> Name {
            guard let strategy else {
                guard site else { throw ValidationError("Name a strategy, such as best-route, or give --site.") }
                return StrategyChoice.siteCache
            }
            guard !site else { throw ValidationError("Give either a strategy or --site: --site is a strategy.") }
            return strategy.hasPrefix("/")
                ? try NameArgument.parse(strategy) : StrategyChoice.prefix.appending(.generic(strategy))
        }

        func run() async throws {
            let name = try name()
            try await forwarder.withSession(about: prefix) { session in
                if try await session.setStrategy(name, for: prefix) {
                    return Output.write("strategy of \(prefix) set to \(name) at \(session.router)\n")
                }
                let why = site ? "it is the cache of a site by itself" : "its one strategy is best-route"
                Output.write("nothing to set at \(session.router), registry-ndn forwarder: \(why), for every prefix\n")
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
