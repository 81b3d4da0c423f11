import NIOCore
import NIOHTTP1
import NIOPosix
import RegistryNDN

/// A question to the endpoint of a client, which may not run, or be another program.
struct EndpointQuestion {
    /// What an answer comes of.
    enum Answer: Equatable {
        /// Of something that is no client.
        case stranger
        /// Of a client with one registry, whichever is named.
        case any
        /// Of a client with the registries that it was given, among which these are of those that were asked about.
        ///
        /// - Parameter unnamed: whether it has one for requests that name none.
        case given(Set<RegistryHost>, unnamed: Bool)
    }

    private static let patience = TimeBound(limit: .seconds(2))
    private static let largestAnswer = 4096
    /// No registry's name (RFC 6761).
    private static let nobody = "registry-ndn.invalid"

    let endpoint: EngineEndpoint

    /// - Parameter hosts: whether it serves these.
    /// - Returns: nil where no answer comes.
    func answer(about hosts: [RegistryHost]) async -> Answer? {
        guard let own = await get("/robots.txt") else { return nil }
        guard own.text == ClientResponder.robots else { return .stranger }
        guard await isUnknown("/v2/?ns=\(Self.nobody)") else { return .any }
        var served: Set<RegistryHost> = []
        for host in hosts {
            let isUnknown = await isUnknown("/v2/?ns=\(host)")
            if !isUnknown { served.insert(host) }
        }
        // A registry may say itself that it does not know the repository, in other words.
        let unnamed = await get("/v2/\(Self.nobody)/tags/list")
        return .given(served, unnamed: unnamed?.text.contains("the request names no registry") != true)
    }

    /// Whether it answers as a client's endpoint does for itself, and no registry.
    func isClient() async -> Bool { await get("/robots.txt")?.text == ClientResponder.robots }

    private func isUnknown(_ target: String) async -> Bool {
        guard let answer = await get(target) else { return false }
        return answer.status == .notFound && answer.text.contains("NAME_UNKNOWN")
    }

    /// The answer, whoever it is of: no certificate is looked at.
    private func get(_ target: String) async -> (status: HTTPResponseStatus, text: String)? {
        guard let url = try? UpstreamURL("\(endpoint)") else { return nil }
        var configuration = UpstreamConfiguration()
        configuration.connectTimeout = .seconds(1)
        configuration.handshakeTimeout = .seconds(1)
        configuration.idleTimeout = .seconds(1)
        if endpoint.isSecure {
            var tls = TLSConfiguration()
            tls.isInsecure = true
            configuration.tls = try? UpstreamTLS(.init(tls))
        }
        let client = UpstreamClient(
            base: url, group: MultiThreadedEventLoopGroup.singleton, configuration: configuration,
            logger: LoggedNotes().logger)
        defer { client.shutdown() }
        return try? await Self.patience.run {
            let answer = try await client.execute(HTTPRequestHead(version: .http1_1, method: .GET, uri: target))
            var octets = ByteBuffer()
            for try await chunk in answer.body where octets.readableBytes < Self.largestAnswer {
                octets.writeImmutableBuffer(chunk)
            }
            return (answer.head.status, String(buffer: octets))
        }
    }
}
