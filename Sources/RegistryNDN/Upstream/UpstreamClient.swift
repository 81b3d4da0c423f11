package import Logging
internal import NDN
internal import NIOConcurrencyHelpers
package import NIOCore
package import NIOHTTP1

/// An upstream's response: the head, and the body as it is pulled.
package struct UpstreamResponse: Sendable {
    package let head: HTTPResponseHead
    package let body: UpstreamBody
    /// Whether it comes from where the upstream redirected to, and not from the upstream itself.
    package internal(set) var isRedirected = false
}

/// An HTTP/1.1 client for one upstream registry, with a bounded pool of kept connections.
package final class UpstreamClient: Sendable {
    package let base: UpstreamURL
    let configuration: UpstreamConfiguration
    let pool: ConnectionPool
    let origin: UpstreamURL
    private let local: LocalAddresses
    let authorizer = Authorizer()
    /// For the bodies that are kept while they are sent.
    let keptOctets = OctetAllowance(32 << 20)
    private let group: any EventLoopGroup
    let logger: Logger
    /// Pools of origins that the upstream redirects to, and of token services.
    private let others = NIOLockedValueBox<[Other: ConnectionPool]>([:])
    private static let maximumOthers = 16
    /// How the upstream fails to give ranges, as far as it has been said.
    let rangeFaults = NIOLockedValueBox<Set<ByteRange.Fault>>([])

    private struct Other: Hashable {
        let origin: UpstreamURL
        let decodedLimit: Int?
    }

    /// A client whose connections live on the event loops of `group`; nothing is opened yet.
    package init(
        base: UpstreamURL, group: any EventLoopGroup, configuration: UpstreamConfiguration = .init(), logger: Logger
    ) {
        self.base = base
        self.configuration = configuration
        self.logger = logger
        self.group = group
        origin = base.origin
        local = LocalAddresses(areOpen: configuration.followsToLocal)
        pool = ConnectionPool(url: base, group: group, configuration: configuration, local: local, isRegistry: true)
    }

    /// Closes unused connections and fails those who wait; exchanges under way end by themselves.
    package func shutdown() {
        pool.shutdown()
        let pools = others.withLockedValue { pools in
            defer { pools = [:] }
            return pools
        }
        for other in pools.values { other.shutdown() }
    }

    /// Connections to an origin, the upstream's own or another.
    ///
    /// - Parameter decodedLimit: nil for those whose bodies come as they are; else of a kind of their own, on which gzip is
    ///   asked for, and decoded to at most so many octets.
    func pool(for origin: UpstreamURL, decodedLimit: Int? = nil) -> ConnectionPool {
        guard origin != self.origin || decodedLimit != nil else { return pool }
        let other = Other(origin: origin, decodedLimit: decodedLimit)
        let (pool, surplus) = others.withLockedValue { pools -> (ConnectionPool, [ConnectionPool]) in
            if let pool = pools[other] { return (pool, []) }
            var surplus: [ConnectionPool] = []
            if pools.count >= Self.maximumOthers {
                surplus = Array(pools.values)
                pools = [:]
            }
            var configuration = configuration
            configuration.decodedLimit = decodedLimit
            let pool = ConnectionPool(
                url: origin, group: group, configuration: configuration, local: local,
                isRegistry: origin.host == base.host)
            pools[other] = pool
            return (pool, surplus)
        }
        for pool in surplus { pool.shutdown() }
        return pool
    }

    /// Sends a request without a body and returns once the response head is there.
    ///
    /// `head.uri` is relative to the base URL and Host is replaced. A GET, HEAD or OPTIONS that no octet of an answer came to
    /// is sent again as ``RetryPolicy`` says. Throws `UpstreamError` or `CancellationError`.
    package func execute(_ head: HTTPRequestHead) async throws -> UpstreamResponse {
        try await perform(prepare(head, hasBody: false), at: pool)
    }

    /// Sends a request with a body and returns once the response head is there.
    ///
    /// Without a Content-Length in `head` the body goes out in chunked transfer coding. It is pulled as fast as the
    /// upstream takes it; an upstream that refuses early (a status over 299) is sent no more of it.
    package func execute<Body: AsyncSequence & Sendable>(
        _ head: HTTPRequestHead, body: Body
    ) async throws -> UpstreamResponse where Body.Element == ByteBuffer {
        try await send(prepare(head, hasBody: true), body: body, at: pool)
    }

    /// Sends a prepared request with its body.
    func send<Body: AsyncSequence & Sendable>(
        _ head: HTTPRequestHead, body: Body, at pool: ConnectionPool
    ) async throws -> UpstreamResponse where Body.Element == ByteBuffer {
        // What is consumed cannot be sent again, so that a connection which may be stale is not used.
        let connection = try await pool.lease(fresh: true)
        let response = PulledResponse(connection: connection, window: configuration.bodyWindow)
        connection.start(head, hasBody: true, consumer: response)
        let received = UpstreamBody(response)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.send(body, over: connection, whenFailed: response) }
            let head = try await response.head()
            if head.status.code >= 300 { group.cancelAll() }
            do {
                try await group.waitForAll()
            } catch  where head.status.code >= 300 {
                connection.abandonRequest()
            }
            return UpstreamResponse(head: head, body: received)
        }
    }

    func exchange(
        _ head: HTTPRequestHead, at pool: ConnectionPool, fresh: Bool
    ) async throws -> UpstreamResponse {
        let connection = try await pool.lease(fresh: fresh)
        let response = PulledResponse(connection: connection, window: configuration.bodyWindow)
        connection.start(head, hasBody: false, consumer: response)
        let body = UpstreamBody(response)
        return UpstreamResponse(head: try await response.head(), body: body)
    }

    private static func send<Body: AsyncSequence>(
        _ body: Body, over connection: UpstreamConnection, whenFailed response: PulledResponse
    ) async throws where Body.Element == ByteBuffer {
        do {
            for try await octets in body {
                try await connection.send(octets)
            }
            try Task.checkCancellation()
            connection.requestEnded()
        } catch {
            // Without its end the request has no answer: whoever waits for one must not wait for the timeout.
            if !Task.isCancelled {
                response.responseFailed(
                    UpstreamError(.closed, "the request body could not be sent", underlying: error))
                connection.cancel(response)
            }
            throw error
        }
    }

    /// Host, path and framing of a request.
    func prepare(_ head: HTTPRequestHead, hasBody: Bool) -> HTTPRequestHead {
        var head = head
        head.version = .http1_1
        head.uri = base.path + head.uri
        head.headers.replaceOrAdd(name: "Host", value: base.authority)
        if hasBody {
            if !head.headers.contains(name: "Content-Length") {
                head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
            }
        } else {
            head.headers.remove(name: "Transfer-Encoding")
            head.headers.remove(name: "Content-Length")
            switch head.method {
            case .POST, .PUT, .PATCH: head.headers.add(name: "Content-Length", value: "0")
            default: break
            }
        }
        return head
    }
}
