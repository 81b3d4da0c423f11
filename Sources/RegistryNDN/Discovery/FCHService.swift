package import Logging
internal import NDN
package import NIOCore
internal import NIOHTTP1

/// Asks an NDN-FCH service for routers, and remembers its last answer for when it is down.
package struct FCHService: RouterDirectory {
    /// Time for the whole answer.
    static let timeout = TimeAmount.seconds(5)
    /// Far more than the answer of a service has.
    static let maximumAnswer = 64 << 10

    private let query: FCHQuery
    private let cache: RouterCache?
    private let configuration: UpstreamConfiguration
    private let group: any EventLoopGroup
    private let logger: Logger

    /// - Parameters:
    ///   - cache: where the last answer is kept; nil keeps none.
    ///   - configuration: how the service is connected to.
    package init(
        query: FCHQuery, cache: RouterCache?, configuration: UpstreamConfiguration = .init(),
        group: any EventLoopGroup, logger: Logger
    ) {
        self.query = query
        self.configuration = configuration
        self.cache = cache
        self.group = group
        self.logger = logger
    }

    package func routers() async throws(DiscoveryError) -> [Router] {
        let failure: DiscoveryError
        do throws(DiscoveryError) {
            let routers = try await ask()
            if routers.isEmpty { throw DiscoveryError("NDN-FCH at \(query.base) knows no router for this place") }
            store(routers)
            return routers
        } catch {
            failure = error
        }
        let remembered = cache?.read(key: key) ?? []
        guard !remembered.isEmpty, !Task.isCancelled else {
            throw DiscoveryError(
                "\(failure); name a router with \(RegistrySetting.router), or another service with \(RegistrySetting.routerService)"
            )
        }
        logger.warning(
            "no router service, using its last answer",
            metadata: ["error": "\(failure)", "routers": .stringConvertible(remembered.count)])
        return remembered
    }

    /// An answer to another question is of no use.
    private var key: String { "\(query.base)\(query.target)" }

    private func store(_ routers: [Router]) {
        guard let cache else { return }
        do throws(DiscoveryError) {
            try cache.write(routers, key: key)
        } catch {
            logger.debug("the answer is not remembered", metadata: ["error": "\(error)"])
        }
    }

    private func ask() async throws(DiscoveryError) -> [Router] {
        var configuration = configuration
        configuration.decodedLimit = Self.maximumAnswer
        let client = UpstreamClient(base: query.base, group: group, configuration: configuration, logger: logger)
        defer { client.shutdown() }
        do {
            return try await UpstreamSender.within(Self.timeout) {
                try await ask(client)
            } otherwise: {
                DiscoveryError("no answer within \(Self.timeout.nanoseconds / 1_000_000_000) s")
            }
        } catch {
            throw DiscoveryError("NDN-FCH at \(query.base) does not help: \(error)")
        }
    }

    private func ask(_ client: UpstreamClient) async throws -> [Router] {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: query.target)
        // With prefixes, which the text does not have.
        head.headers.add(name: "Accept", value: "application/json")
        let response = try await client.execute(head)
        guard response.head.status == .ok else {
            response.body.cancel()
            throw DiscoveryError("status \(response.head.status.code)")
        }
        guard let body = try await response.body.collect(upTo: Self.maximumAnswer) else {
            throw DiscoveryError("an answer of more than \(Self.maximumAnswer) octets")
        }
        return try FCHAnswer.routers(contentType: response.head.headers.first(name: "Content-Type"), body: body)
    }
}

/// Knows routers, as an NDN-FCH service does.
package protocol RouterDirectory: Sendable {
    /// Routers to choose from, at least one.
    func routers() async throws(DiscoveryError) -> [Router]
}
