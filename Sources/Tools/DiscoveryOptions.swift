import ArgumentParser
import Logging
import NIOCore
import RegistryNDN

/// How a router is found when none is named.
struct DiscoveryOptions: ParsableArguments {
    @Option(name: .customLong("fch-url"), help: "The NDN-FCH service that is asked for routers.")
    var url = FCHQuery.defaultURL

    @Option(
        name: .customLong("fch-count"),
        help: .number("How many routers to ask it for; the best is used, the others are spares.", 1...100, usually: 4),
        transform: WholeNumber.within(1...100))
    var count = 4

    @Option(name: .customLong("fch-cap"), help: "What they must be capable of, udp or tcp; repeatable. (default: udp)")
    var capabilities: [String] = []

    @Option(
        name: .customLong("fch-position"),
        help: "LATITUDE,LONGITUDE of this place in degrees, such as 50.8,4.4. (default: as the service guesses it)",
        transform: Position.parse)
    var position: Position?

    /// A place as people write it.
    struct Position {
        let value: FCHQuery.Position

        /// - Throws: `ValidationError` with what is accepted.
        static func parse(_ text: String) throws -> Position {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
            guard numbers.count == 2, let latitude = numbers[0], let longitude = numbers[1],
                let value = FCHQuery.Position(latitude: latitude, longitude: longitude)
            else {
                throw ValidationError(
                    "\"\(text)\" is no place: write a latitude from -90 to 90 and a longitude from -180 to 180 in degrees, such as 50.8,4.4"
                )
            }
            return Position(value: value)
        }
    }

    func validate() throws {
        if url != FCHQuery.defaultURL { _ = try query() }
        for capability in capabilities where capability != "udp" && capability != "tcp" {
            throw ValidationError("--fch-cap \(capability): this program connects over udp and tcp")
        }
    }

    private func query() throws -> FCHQuery {
        do {
            var query = try FCHQuery(url: url)
            query.count = count
            if !capabilities.isEmpty { query.capabilities = capabilities }
            query.position = position?.value
            return query
        } catch {
            throw ValidationError("--fch-url: \(error)")
        }
    }

    /// What finds routers, as these options say.
    ///
    /// - Parameters:
    ///   - authorityFile: PEM file of authorities trusted beside the system's, for a service at an https URL.
    ///   - localPatience: how long a forwarder of this machine is waited for before the service is asked; nil: it is asked
    ///     in any case.
    func finder(
        _ questions: ProbeQuestions, authorityFile: String?, proxies: ProxySettings = .process(),
        localPatience: TimeAmount?, group: any EventLoopGroup, logger: Logger
    ) throws -> RouterFinder {
        var configuration = UpstreamConfiguration()
        configuration.proxies = proxies
        if let authorityFile {
            var tls = TLSConfiguration()
            tls.authorityFile = authorityFile
            configuration.tls = UpstreamTLS(try .init(tls))
        }
        let service = FCHService(
            query: try query(), cache: .standard, configuration: configuration, group: group, logger: logger)
        let directory: any RouterDirectory =
            if let localPatience {
                LocalFirstDirectory(patience: localPatience, others: service) { try? LocalForwarder.find()?.uri }
            } else { service }
        return RouterFinder(directory: directory, questions: questions, group: group, logger: logger)
    }
}

/// Whom https trusts, where no registry is connected to.
struct AuthorityOptions: ParsableArguments {
    @Option(help: "PEM file of authorities to trust beside the system's, for an https --fch-url.")
    var caFile: String?
}
