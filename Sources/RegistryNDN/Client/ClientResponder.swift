public import Logging
internal import NIOCore
internal import NIOHTTP1

/// The client's answer to a request: a blob over NDN, anything else from the upstream.
public struct ClientResponder: HTTPResponder {
    private let prefix: Name
    private let source: any BlobSource
    private let path: NDNPath
    private let poisoned: PoisonedDigests
    private let blobs: BlobFlow
    private let relay: UpstreamRelay
    private let logger: Logger

    /// - Parameter prefix: below which the blobs have their names.
    public init(prefix: Name, source: any BlobSource, upstream: UpstreamClient, logger: Logger) {
        self.init(
            prefix: prefix, source: source, upstream: upstream, path: NDNPath(logger: logger), logger: logger)
    }

    init(prefix: Name, source: any BlobSource, upstream: UpstreamClient, path: NDNPath, logger: Logger) {
        let poisoned = PoisonedDigests()
        self.prefix = prefix
        self.source = source
        self.path = path
        self.poisoned = poisoned
        self.logger = logger
        blobs = BlobFlow(source: source, upstream: upstream, path: path, poisoned: poisoned)
        relay = UpstreamRelay(upstream: upstream)
    }

    /// Probes the NDN path while it is down, until the task is cancelled.
    public func runProbes() async {
        await path.run(source)
    }

    public func respond(to request: HTTPRequest, _ response: inout ResponseWriter) async throws {
        var record = RequestRecord(head: request.head, now: .now())
        do {
            try await serve(request, &response, &record)
        } catch {
            record.failure = "\(error)"
            guard response.status == nil, !Task.isCancelled else {
                log(record, response.status)
                throw error
            }
            let (status, message) = GatewayError.answer(to: error, record)
            try await response.send(message, status)
        }
        log(record, response.status)
    }

    private func serve(
        _ request: HTTPRequest, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        switch RequestPlan(request.head, isPoisoned: poisoned.contains) {
        case .robots:
            try await response.send(.ok, ["Content-Type": "text/plain"], ByteBuffer(string: Self.robots))
        case .blob(let repository, let digest):
            record.name(repository, digest)
            let blob = BlobName(prefix: prefix, repository: repository, digest: digest)
            try await blobs.serve(blob, request.head, &response, &record)
        case .wholeBlob(let repository, let digest):
            record.name(repository, digest)
            record.fallback = "wrong digest lately"
            let blob = BlobName(prefix: prefix, repository: repository, digest: digest)
            try await blobs.serveWhole(blob, request.head, &response, &record)
        case .relay:
            if case .blob(let repository, let digest) = RegistryRoute.parse(path: request.head.uri) {
                record.name(repository, digest)
            }
            try await relay.serve(request, &response, &record)
        }
    }

    private static let robots = "User-agent: *\nDisallow: /\n"

    private func log(_ record: RequestRecord, _ status: HTTPResponseStatus?) {
        logger.log(
            level: record.failure == nil ? .info : .warning, "request",
            metadata: record.metadata(status: status.map { Int($0.code) }, now: .now()))
    }
}
