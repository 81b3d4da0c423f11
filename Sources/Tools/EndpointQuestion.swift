import NIOCore
import NIOHTTP1
import NIOPosix
import RegistryNDN

/// A question to the endpoint of a client, which may not run, or be another program.
struct EndpointQuestion {
    /// Which registries a client serves to whoever names one with `ns=`.
    enum Names: Equatable {
        /// Those that it was given, and no other.
        case given
        /// Its one registry, whatever is named.
        case any
    }

    private static let patience = TimeBound(limit: .seconds(2))
    private static let largestAnswer = 4096

    let endpoint: EngineEndpoint

    /// nil where no answer comes.
    func names() async -> Names? {
        // Of no registry's name (RFC 6761).
        guard let answer = await get("/v2/?ns=registry-ndn.invalid") else { return nil }
        return answer.status == .notFound && answer.text.contains("NAME_UNKNOWN") ? .given : .any
    }

    /// Whether it answers as a client's endpoint does for itself, and no registry.
    func isClient() async -> Bool { await get("/robots.txt")?.text == ClientResponder.robots }

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
