package import Logging
package import NDN
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// One registry behind the endpoint: the prefix of its blobs' names, and its upstream.
package struct RegistrySite: Sendable {
    let prefix: Name
    let source: BlobSource
    let upstream: UpstreamClient
    let path: NDNPath
    let blobs: BlobFlow
    let relay: UpstreamRelay
    let totals = RequestTotals()
    let pulls = RunningPulls()
    let pseudonym = ViaPseudonym()
    private let loops = LoopNotice()

    /// - Parameters:
    ///   - prefix: of the blobs' names.
    ///   - policy: what becomes of a blob that does not come from `source`.
    package init(
        prefix: Name, source: BlobSource, upstream: UpstreamClient, policy: FallbackPolicy = .proxy, logger: Logger
    ) {
        // The log of several paths says which one a line is about.
        var named = logger
        named[metadataKey: "prefix"] = "\(prefix)"
        self.init(
            prefix: prefix, source: source, upstream: upstream, policy: policy,
            path: NDNPath(policy: policy, logger: named))
    }

    init(
        prefix: Name, source: BlobSource, upstream: UpstreamClient, policy: FallbackPolicy = .proxy, path: NDNPath
    ) {
        self.prefix = prefix
        self.source = source
        self.upstream = upstream
        self.path = path
        let sizes = BlobSizes()
        // A registry's own: what one says wrongly about a digest is no reason to distrust another.
        blobs = BlobFlow(
            source: source, upstream: upstream, path: path, poisoned: PoisonedDigests(),
            repairs: UpstreamRepairs(upstream: upstream), sizes: sizes, policy: policy)
        relay = UpstreamRelay(upstream: upstream, sizes: sizes)
    }

    /// The fields of the statistics line.
    ///
    /// - Parameter hasRouter: whether there is a router to ask; without one no path stands anyhow.
    func statistics(hasRouter: Bool) -> Logger.Metadata {
        var metadata = totals.values.metadata
        metadata["registry"] = "\(upstream.base)"
        metadata["prefix"] = "\(prefix.uri)"
        metadata["path"] = "\(hasRouter ? path.standing : "no router")"
        return metadata
    }

    /// Serves a request, which has been selected for this registry.
    func serve(
        _ request: HTTPRequest, _ route: UpstreamRoute, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
        guard !pseudonym.isIn(request.head.headers) else { return try await refuseLoop(&response) }
        var head = request.head
        pseudonym.add(to: &head)
        try await pass(
            HTTPRequest(head: head, body: request.body, mayUseCredentials: request.mayUseCredentials), route,
            &response, &record)
    }

    /// Answers a request that this site has passed to its upstream before: RFC 5842 section 7.2, "terminated an operation because it
    /// encountered an infinite loop".
    private func refuseLoop(_ response: inout ResponseWriter) async throws {
        let why = "the upstream \(upstream.base) leads back to this client"
        let remedy =
            "give the registry's own URL as \(RegistrySetting.upstream) (or in \(RegistrySetting.registry) or "
            + "\(RegistrySetting.registryFile)), and not the address of this client or of one behind it"
        if loops.isDue(now: .now()) {
            upstream.logger.warning(
                "requests go round in a circle, and are refused: \(why); \(remedy)",
                metadata: ["upstream": "\(upstream.base)", "prefix": "\(prefix.uri)"])
        }
        try await response.send(
            OCIError(.unavailable, message: "request refused, \(why); \(remedy)"), .loopDetected)
    }

    private func pass(
        _ request: HTTPRequest, _ route: UpstreamRoute, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
        let references = ReferenceRewriter(base: upstream.base, target: route.target, selector: route.selector)
        let terms = AuthenticationTerms(ours: request.mayUseCredentials, replacesToken: route.selector.host != nil)
        func pull(_ repository: RepositoryName, _ digest: ContentDigest, _ wanted: WantedOctets) -> BlobPull {
            BlobPull(
                blob: BlobName(prefix: prefix, repository: repository, digest: digest), wanted: wanted,
                head: request.head, references: references, terms: terms)
        }
        switch RequestPlan(request.head, isPoisoned: blobs.poisoned.contains) {
        case .blob(let repository, let digest, let wanted):
            begin(repository, digest, &record)
            record.mayHangUp = wanted.range.openBegin != nil
            try await blobs.serve(pull(repository, digest, wanted), &response, &record)
        case .wholeBlob(let repository, let digest):
            begin(repository, digest, &record)
            record.fallback = .poisoned
            try await blobs.fallBack(pull(repository, digest, .whole), &response, &record)
        case .refused(let repository, let digest, let refusal):
            record.name(repository, digest)
            record.failure = refusal.message
            try await response.send(OCIError(.rangeInvalid, message: refusal.message), .badRequest)
        case .relay:
            if case .blob(let repository, let digest) = RegistryRoute.parse(path: request.head.uri) {
                record.name(repository, digest)
                if request.body == nil, request.head.method == .GET || request.head.method == .HEAD {
                    let blob = BlobName(prefix: prefix, repository: repository, digest: digest)
                    return try await blobs.relay.serve(request.head, blob, references, terms, &response, &record)
                }
            }
            try await relay.serve(request, references, terms, &response, &record)
        }
    }

    /// From now on those who watch the client see a pull.
    private func begin(_ repository: RepositoryName, _ digest: ContentDigest, _ record: inout RequestRecord) {
        record.name(repository, digest)
        record.isPull = true
        let pull = RunningPull(id: record.id, repository, digest, began: record.began)
        record.running = pull
        pulls.begin(pull)
    }
}

/// When the log says that requests go round: a retry is no news.
private final class LoopNotice: Sendable {
    private let limiter = Mutex(LogLimiter(interval: .hours(1)))

    func isDue(now: NIODeadline) -> Bool { limiter.withLock { $0.pass(now: now) != nil } }
}
