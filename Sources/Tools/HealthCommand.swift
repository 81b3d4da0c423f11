import ArgumentParser
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import RegistryNDN

/// `registry-ndn health`: what a container's health check runs.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Find out whether a client serves its registry: exits with 0 if so, else with 1.",
        discussion: """
            Asks for /v2/ at the client's endpoint, which passes that on to the registry. A registry that demands a login \
            counts as well. In the container of a server or forwarder, which have no endpoint, it is enough that they run.
            """)

    @Argument(
        help: """
            The client's endpoint, http://HOST:PORT or https://HOST:PORT. (default: the first address of DOCKER_NDN_LISTEN, else \
            of listen in the file of DOCKER_NDN_CONFIG, else http://127.0.0.1:5000)
            """)
    var url: String?

    @Option(
        help: .duration("How long the answer is waited for.", usually: DurationArgument(.seconds(5))),
        transform: DurationArgument.parse)
    var timeout = DurationArgument(.seconds(5))

    @Option(help: "PEM file of authorities to trust beside the system's, for an https endpoint.")
    var caFile: String?

    @Flag(help: "Accept any certificate of an https endpoint.")
    var insecure = false

    @OptionGroup var log: LogOptions

    func validate() throws {
        guard timeout.amount >= .milliseconds(1) else { throw ValidationError("--timeout must be at least 1ms") }
        _ = try endpoint()
    }

    func run() async throws {
        if url == nil, let role = Self.roleOfContainer, role != "client" {
            return Output.write("process 1 is a \(role), and runs\n")
        }
        let url = try endpoint()
        let logger = try log.makeLogger(label: "health", usually: .error)
        let upstream = UpstreamClient(
            base: url, group: MultiThreadedEventLoopGroup.singleton, configuration: try connecting(),
            logger: logger)
        defer { upstream.shutdown() }
        let status: HTTPResponseStatus
        do {
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/")
            let answer = try await upstream.execute(head)
            status = answer.head.status
            answer.body.cancel()
        } catch {
            logger.error("\(url) does not answer: \(ErrorSentence.of(error))")
            throw ExitCode.failure
        }
        guard (200..<300).contains(status.code) || status.code == 401 else {
            logger.error("\(url) answers \(status.code) \(status.reasonPhrase) to /v2/")
            throw ExitCode.failure
        }
        Output.write("\(url) answers \(status.code) \(status.reasonPhrase)\n")
    }

    private func endpoint() throws -> UpstreamURL {
        do {
            if let url { return try UpstreamURL(url) }
            guard let given = try OptionSources([ClientCommand._commandName])["listen"],
                case .values(let listeners) = given.content, let first = listeners.first
            else { return try UpstreamURL("http://127.0.0.1:5000") }
            return try UpstreamURL("http://\(try Self.address(first, given.source))")
        } catch let error as UpstreamError {
            throw ValidationError(error.message)
        }
    }

    private static func address(_ listener: String, _ source: GivenOption.Source) throws -> ListenArgument {
        do { return try ListenerArgument.parse(listener).address } catch let error as ValidationError {
            throw ValidationError("\(source): \(error.message)")
        }
    }

    /// The subcommand that process 1 runs, if that is this program. Before it there may be a small init.
    private static var roleOfContainer: String? {
        guard let octets = try? InputFile.read("/proc/1/cmdline") else { return nil }
        let words = octets.readableBytesView.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return zip(words, words.dropFirst()).first { $0.0.split(separator: "/").last == "registry-ndn" }?.1
    }

    private func connecting() throws -> UpstreamConfiguration {
        var configuration = UpstreamConfiguration()
        configuration.connectTimeout = timeout.amount
        configuration.handshakeTimeout = timeout.amount
        configuration.idleTimeout = timeout.amount
        var tls = TLSConfiguration()
        tls.authorityFile = caFile
        tls.isInsecure = insecure
        guard tls != TLSConfiguration() else { return configuration }
        do { configuration.tls = UpstreamTLS(try .init(tls)) } catch { throw ValidationError("\(error)") }
        return configuration
    }
}
