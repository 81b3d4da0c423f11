import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOHTTP1
import NIOPosix
import RegistryNDN

/// `registry-ndn measure`: what a running client gains.
struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Pull an image's blobs through a running client and from its registry, and compare.",
        discussion: """
            Each blob is read through the client and then from the registry itself, checked against its digest, and dropped; of an \
            image for several platforms those of the first. What lies in a cache on the way comes from there: the second run tells \
            what a second machine gains. Exits with 0 when all of them came over NDN, else with 1.
            """)

    @Argument(
        help:
            "REPOSITORY, REPOSITORY:TAG or REPOSITORY@DIGEST, such as library/alpine:3, without the registry's address.",
        transform: ImageReference.parse)
    var image: ImageReference

    @Option(help: "The registry, as the client's --upstream.", transform: Self.url)
    var upstream: UpstreamURL

    @Option(
        help: """
            The client's endpoint, http://HOST:PORT or https://HOST:PORT, of a client of several registries with the registry's host \
            behind it, as in http://127.0.0.1:5000/quay.io. (default: http://127.0.0.1:5000)
            """,
        transform: Self.url)
    var client: UpstreamURL?

    @OptionGroup var connecting: UpstreamOptions
    @OptionGroup var access: CredentialOptions
    @OptionGroup var log: LogOptions

    /// What cannot go on, in a sentence.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func run() async throws {
        let logger = try log.makeLogger(label: "measure", usually: .error)
        var configuration = try connecting.configuration(logger: logger)
        configuration.credentials = try await access.keeper(
            for: .init(url: upstream, isInsecure: connecting.insecure), logger: logger)
        let endpoint = try client ?? UpstreamURL("http://127.0.0.1:5000")
        try await checkIsClient(endpoint)
        let registry = RegistryTrial(
            base: upstream, group: MultiThreadedEventLoopGroup.singleton, configuration: configuration, logger: logger)
        // The client is no registry of the proxy's, and gets our credentials where nobody can read them on the way.
        configuration.proxies = .none
        if !endpoint.isSecure, !ListenArgument(host: endpoint.host, port: endpoint.port).isLoopback {
            configuration.credentials = nil
        }
        let through = RegistryTrial(
            base: endpoint, group: MultiThreadedEventLoopGroup.singleton, configuration: configuration, logger: logger)
        defer {
            registry.shutdown()
            through.shutdown()
        }
        do {
            try await compare(through, registry)
        } catch let error as UpstreamError {
            throw Failure(description: "\(error)")
        }
    }

    /// Numbers of a registry that is taken for the client would say nothing. Where nothing answers, reading from it says why.
    private func checkIsClient(_ url: UpstreamURL) async throws {
        let place = EngineEndpoint(
            isSecure: url.isSecure, address: ListenArgument(host: url.host, port: url.port))
        guard await EndpointQuestion(endpoint: place).answer(about: []) == .stranger else { return }
        throw Failure(
            description:
                "what answers at \(place) is no registry-ndn client: give the client's address, as --client http://127.0.0.1:5050"
        )
    }

    private func compare(_ client: RegistryTrial, _ registry: RegistryTrial) async throws {
        let blobs = try await registry.blobs(of: image.repository, image.reference)
        guard !blobs.isEmpty else {
            throw Failure(description: "\(image.repository) \(image.reference) has no blobs that could come over NDN")
        }
        var (one, other) = (Sum(), Sum())
        for blob in blobs {
            let pulled = try await Reading(blob, in: image.repository, at: client, .client)
            let direct = try await Reading(blob, in: image.repository, at: registry, .registry)
            one.add(pulled)
            other.add(direct)
            Output.write(
                "\(blob.digest)".withShortDigests
                    + "  \(ProgressBar.size(Double(pulled.octets)))  client \(pulled.words), \(pulled.source)"
                    + "  registry \(direct.words)\n")
        }
        Output.write(
            "\(blobs.count) blobs, \(ProgressBar.size(Double(one.octets))): client \(one.words), registry \(other.words); "
                + "the client took \(ProgressBar.tenths(100 * one.seconds / other.seconds)) % of the registry's time\n")
        guard one.left.isEmpty else {
            throw Failure(
                description:
                    "\(one.left.count) of \(blobs.count) blobs did not come over NDN (\(Set(one.left).sorted().joined(separator: ", "))): the client's log has the reason of each, and `registry-ndn doctor` with the client's options looks for the cause"
            )
        }
    }

    private static func url(_ text: String) throws -> UpstreamURL {
        do { return try UpstreamURL(text) } catch { throw ValidationError(error.message) }
    }
}

/// One blob, read to its end and found to be what its digest says.
private struct Reading {
    enum Side: String { case client, registry }

    var octets: UInt64 = 0
    let seconds: Double
    /// What the client says of where its answer begins; `unknown` where it says nothing.
    let source: String

    init(
        _ blob: RegistryTrial.Blob, in repository: RepositoryName, at place: RegistryTrial, _ side: Side
    ) async throws {
        let begin = NIODeadline.now()
        let digest = OverlappedSHA256()
        let answer: UpstreamResponse
        do {
            answer = try await place.blob(blob.digest, in: repository)
            for try await chunk in answer.body {
                octets += UInt64(chunk.readableBytes)
                await digest.update(chunk)
            }
        } catch let error as UpstreamError {
            throw MeasureCommand.Failure(
                description: "\(blob.digest) does not come from the \(side) \(place.url): \(Self.words(error, side))")
        }
        let actual = await digest.finalize()
        guard actual == blob.digest.sha256 else {
            throw MeasureCommand.Failure(
                description:
                    "\(blob.digest) has a wrong digest as the \(side) \(place.url) gives it: the SHA-256 is \(actual.hex)"
            )
        }
        seconds = Double(max((NIODeadline.now() - begin).nanoseconds, 1)) / 1e9
        source = Self.source(answer.head.headers)
    }

    var words: String { MeasureCommand.words(octets, seconds) }

    private static func words(_ error: UpstreamError, _ side: Side) -> String {
        switch (side, error.code) {
        case (.client, .closed):
            "it ended the answer in the middle, as a client does with a blob that has a wrong digest; its log has the reason"
        case (.client, .malformed):
            "\(error) (where it has several registries, put the registry's host behind --client, as in "
                + "http://127.0.0.1:5000/quay.io, or give the --listen address of that registry alone)"
        default: "\(error)"
        }
    }

    /// `ndn`, `upstream`, or the latter with the reason.
    private static func source(_ headers: HTTPHeaders) -> String {
        // The registry may have the field too; ours is the last.
        guard let field = headers[canonicalForm: "server-timing"].last else { return "unknown" }
        let parts = field.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\"" } }
        let reason = parts.first { $0.hasPrefix("desc=") }.map { " (\($0.dropFirst(5)))" } ?? ""
        return (parts.first ?? "unknown") + reason
    }
}

/// Several readings together.
private struct Sum {
    private(set) var octets: UInt64 = 0
    private(set) var seconds = 0.0
    /// The sources of those that NDN did not bring.
    private(set) var left: [String] = []

    mutating func add(_ reading: Reading) {
        octets += reading.octets
        seconds += reading.seconds
        if reading.source != "ndn" { left.append(reading.source) }
    }

    var words: String { MeasureCommand.words(octets, seconds) }
}

extension MeasureCommand {
    /// `1.2 s, 70.1 MB/s`.
    fileprivate static func words(_ octets: UInt64, _ seconds: Double) -> String {
        "\(StateScreen.duration(seconds)), \(ProgressBar.size(Double(octets) / seconds))/s"
    }
}
