internal import FoundationEssentials
package import Logging
internal import NDN
package import NIOCore
package import NIOHTTP1
internal import NIOPosix

/// Questions to a registry, each asked once, for whoever is told what does not work between it and this machine.
package struct RegistryTrial: Sendable {
    /// How far a question came that failed.
    package enum Step: Hashable, Sendable {
        /// The host has no address.
        case name
        /// There is no connection to it.
        case connection
        /// The connection is not secure.
        case tls
        /// No answer, or one that is not HTTP.
        case answer
    }

    /// What `/v2/` is answered to one who brings no credentials.
    package struct Root: Hashable, Sendable {
        package let status: HTTPResponseStatus
        /// Whether it is a page for people, as no registry gives there.
        package let isPage: Bool
        /// Seconds by which the registry's clock is ahead of this machine's; nil where it tells no time.
        package let clockAhead: Int64?

        /// - Parameter now: seconds since 1970.
        init(_ head: HTTPResponseHead, now: Int64) {
            status = head.status
            isPage = head.headers.first(name: "content-type")?.lowercased().hasPrefix("text/html") ?? false
            clockAhead = head.headers.first(name: "date").flatMap { HTTPDate.parse($0, now: now) }.map { $0 - now }
        }
    }

    /// A blob as a manifest names it.
    package struct Blob: Hashable, Sendable {
        package let digest: ContentDigest
        package let size: Int
    }

    private struct Manifest: Decodable {
        struct Descriptor: Decodable {
            let digest: String
            let size: Int
        }

        let manifests: [Descriptor]?
        let config: Descriptor?
        let layers: [Descriptor]?
    }

    private static let manifestTypes = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]
    /// Registries take no larger ones.
    private static let longestManifest = 4 << 20

    package let url: UpstreamURL
    /// The proxy on the way to it; nil for the direct way.
    package let proxy: ProxyURL?
    private let upstream: UpstreamClient

    /// Nothing is opened yet.
    package init(base url: UpstreamURL, group: any EventLoopGroup, configuration: UpstreamConfiguration, logger: Logger)
    {
        self.url = url
        // One that cannot be read is told by the first question.
        proxy = try? configuration.proxies.proxy(for: url)
        upstream = UpstreamClient(base: url, group: group, configuration: configuration, logger: logger)
    }

    package func shutdown() { upstream.shutdown() }

    /// How far the question came that ended with `error`.
    package static func step(of error: any Error) -> Step {
        guard let error = error as? UpstreamError else { return .answer }
        switch error.code {
        case .connect:
            let connection = error.underlying as? NIOConnectionError
            return connection?.connectionErrors.isEmpty == true ? .name : .connection
        case .proxy: return .connection
        case .tls: return .tls
        default: return .answer
        }
    }

    /// Asks for `/v2/` without credentials.
    package func root() async throws -> Root {
        let answer = try await upstream.execute(Self.rootHead)
        answer.body.cancel()
        return Root(answer.head, now: Int64(WallClock.milliseconds() / 1000))
    }

    /// The same with our own credentials, where the registry asks for some.
    package func login() async throws -> HTTPResponseStatus {
        let answer = try await upstream.relay(Self.rootHead)
        answer.body.cancel()
        return answer.head.status
    }

    /// The blobs of an image that have an NDN name, the smallest first; of an image for several platforms those of the first.
    ///
    /// - Parameter reference: a tag or a digest.
    package func blobs(of repository: RepositoryName, _ reference: String) async throws -> [Blob] {
        let manifest = try await manifest(of: repository, reference)
        guard let first = manifest.manifests?.lazy.compactMap({ ContentDigest($0.digest) }).first else {
            return Self.blobs(in: manifest)
        }
        return Self.blobs(in: try await self.manifest(of: repository, "\(first)"))
    }

    /// The first octets of a blob, as the registry has it.
    package func octets(
        of digest: ContentDigest, in repository: RepositoryName, atMost limit: Int
    ) async throws -> ByteBuffer {
        let answer = try await blob(digest, in: repository)
        var octets = ByteBuffer()
        for try await chunk in answer.body {
            octets.writeImmutableBuffer(chunk)
            guard octets.readableBytes < limit else { break }
        }
        answer.body.cancel()
        return octets.getSlice(at: octets.readerIndex, length: min(limit, octets.readableBytes)) ?? octets
    }

    /// A blob as it comes; its digest is not checked.
    package func blob(_ digest: ContentDigest, in repository: RepositoryName) async throws -> UpstreamResponse {
        let path = RegistryRoute.path(repository: repository, digest: digest)
        let answer = try await upstream.read(HTTPRequestHead(version: .http1_1, method: .GET, uri: path))
        guard answer.head.status == .ok else { throw refusal(answer, "the blob \(digest) of \(repository)") }
        return answer
    }

    private func manifest(of repository: RepositoryName, _ reference: String) async throws -> Manifest {
        let what = "the manifest \(reference) of \(repository)"
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/\(repository)/manifests/\(reference)")
        head.headers.add(name: "Accept", value: Self.manifestTypes.joined(separator: ", "))
        let answer = try await upstream.read(head)
        guard answer.head.status == .ok else { throw refusal(answer, what) }
        guard let octets = try await answer.body.collect(upTo: Self.longestManifest),
            let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(octets.readableBytesView))
        else { throw UpstreamError(.malformed, "\(url) gives for \(what) something that is no manifest of an image") }
        return manifest
    }

    private func refusal(_ answer: UpstreamResponse, _ what: String) -> UpstreamError {
        answer.body.cancel()
        let status = answer.head.status
        return UpstreamError(
            status == .unauthorized || status == .forbidden ? .unauthorized : .malformed,
            "\(url) answers \(status.code) \(status.reasonPhrase) when it is asked for \(what)")
    }

    private static var rootHead: HTTPRequestHead { HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/") }

    private static func blobs(in manifest: Manifest) -> [Blob] {
        let named = (manifest.layers ?? []) + [manifest.config].compactMap { $0 }
        return named.compactMap { blob in ContentDigest(blob.digest).map { Blob(digest: $0, size: blob.size) } }
            .filter { $0.size > 0 }.sorted { $0.size < $1.size }
    }
}
