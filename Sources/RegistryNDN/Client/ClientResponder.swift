package import Logging
internal import NIOCore
internal import NIOHTTP1

/// The client's answer to a request: a blob over NDN, anything else from the upstream that the request is for.
package struct ClientResponder: HTTPResponder {
    let registries: RegistryTable
    private var listener: Int
    private let logger: Logger
    private let answers: AdminAnswers?
    /// The requests of all listeners.
    let underWay = RequestsUnderWay()

    /// - Parameters:
    ///   - sites: in the order in which `upstreams` lists them.
    ///   - listener: the number of the listener whose requests are answered.
    ///   - lending: which requests get our own credentials.
    ///   - answers: to those who watch the program, under paths of their own.
    package init(
        sites: [RegistrySite], upstreams: UpstreamSet, listener: Int = 0, lending: LendingRule = LendingRule(),
        answers: AdminAnswers? = nil, logger: Logger
    ) {
        registries = RegistryTable(ServedRegistries(sites: sites, upstreams: upstreams, lending: lending))
        self.listener = listener
        self.answers = answers
        self.logger = logger
    }

    /// The same for the requests of another listener.
    func at(listener: Int) -> ClientResponder {
        var other = self
        other.listener = listener
        return other
    }

    /// Probes the NDN paths that are down, watches those that are up, and repairs what they give, until the task is
    /// cancelled.
    ///
    /// - Parameter begun: what else is done for a registry from when it is served until it is no more.
    package func runPaths(_ begun: @escaping @Sendable (RegistrySite) async -> Void = { _ in }) async {
        await withTaskGroup(of: Void.self) { group in
            for await arrival in registries.arrivals {
                group.addTask { await Self.run(arrival, begun) }
            }
        }
    }

    private static func run(
        _ arrival: RegistryTable.Arrival, _ begun: @escaping @Sendable (RegistrySite) async -> Void
    ) async {
        let site = arrival.site
        // Pulls that began before it departs may still need them.
        async let repairs: Void = site.blobs.repairs.run()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await site.path.run(site.source) }
            group.addTask { await site.path.watch(against: site.upstream) }
            group.addTask { await site.path.tellDroughts() }
            group.addTask { await begun(site) }
            for await _ in arrival.departure {}
            group.cancelAll()
        }
        await repairs
    }

    package func respond(to request: HTTPRequest, _ response: inout ResponseWriter) async throws {
        // Asked for every few seconds, and no transfer: neither logged nor waited for.
        if let answers, let answer = await answers.answer(request.head.method, request.head.uri) {
            return try await response.send(answer)
        }
        underWay.begin()
        defer { underWay.end() }
        let registries = registries.current
        let lending = registries.lending
        var record = RequestRecord(head: request.head, now: .now())
        defer {
            if let site = record.site, let pull = record.running {
                registries.sites[site].pulls.end(pull, record, response.status, now: .now())
            }
        }
        var request = request
        let requester = lending.requester(of: request.head)
        request.mayUseCredentials = requester == .program
        response.isForPage = requester != .program
        do {
            if let why = lending.refusal(of: requester, request.head.method) {
                record.failure = why
                try await response.send(OCIError(.denied, message: "request refused, \(why)"), .forbidden)
                return log(record, response, registries)
            }
            record.withheld = lending.withheld(from: requester, request.head)
            try await serve(request, registries, &response, &record)
        } catch {
            // A client that hangs up shows as the one or the other.
            record.isAborted = Task.isCancelled || error is ChannelError
            record.hasHungUp = record.isAborted && record.mayHangUp && response.status == .partialContent
            if !record.hasHungUp {
                record.failure =
                    Task.isCancelled ? "the connection was closed before the answer was out" : ErrorSentence.of(error)
            }
            guard response.status == nil, !Task.isCancelled else {
                log(record, response, registries)
                throw error
            }
            let answer = ErrorResponse(to: error, record)
            // The rest of the request's body is not waited for.
            if answer.status == .requestTimeout { response.endConnection() }
            try await response.send(answer.error, answer.status, answer.headers)
        }
        log(record, response, registries)
    }

    private func serve(
        _ request: HTTPRequest, _ registries: ServedRegistries, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
        if request.isForRobots {
            return try await response.send(.ok, ["Content-Type": "text/plain"], ByteBuffer(string: Self.robots))
        }
        let isWrite = !request.head.method.isSafe
        switch registries.upstreams.select(target: request.head.uri, isWrite: isWrite, listener: listener) {
        case .upstream(let route):
            record.site = route.index
            var head = request.head
            head.uri = route.target
            head.headers = head.headers.removingForwarded()
            let request = HTTPRequest(
                head: head, body: request.body, mayUseCredentials: request.mayUseCredentials)
            try await registries.sites[route.index].serve(request, route, &response, &record)
        case .version:
            // OCI distribution specification 1.1, "Determining Support": 200 for an implementation.
            let headers: HTTPHeaders = [
                "Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0",
            ]
            try await response.send(.ok, headers, ByteBuffer(string: "{}"))
        case .refused(let refusal):
            record.failure = "\(refusal)"
            try await response.send(refusal.error, refusal.status)
        }
    }

    /// What `/robots.txt` is answered, for which no registry is asked.
    package static let robots = "User-agent: *\nDisallow: /\n"

    private func log(
        _ record: RequestRecord, _ response: borrowing ResponseWriter, _ registries: ServedRegistries
    ) {
        let (status, now) = (response.status.map { Int($0.code) }, NIODeadline.now())
        if let site = record.site {
            registries.sites[site].totals.add(record, status: status, begin: response.began, now: now)
        }
        logger.log(
            level: record.failure == nil ? .info : .warning, "request",
            metadata: record.metadata(status: status, now: now))
    }
}

extension HTTPRequest {
    /// `/robots.txt` belongs to this endpoint.
    fileprivate var isForRobots: Bool {
        body == nil && (head.method == .GET || head.method == .HEAD) && head.uri == "/robots.txt"
    }
}
