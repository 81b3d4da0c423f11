import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// Where a running program tells how it is.
struct AdminOptions: ParsableArguments {
    @Option(
        help: """
            HOST:PORT at which to tell how the program is: a page for people, /livez, /readyz, and /metrics for Prometheus \
            (docs/admin.md). Whoever reaches it can read them.
            """, transform: Self.address)
    var admin: ListenArgument?

    @Option(
        help: """
            Name of a host by which people reach --admin, beside localhost and its addresses (repeatable). The page is shown for \
            no other, which may be a web page's own.
            """)
    var adminHost: [String] = []

    func validate() throws {
        for name in adminHost where RegistryHost(name) == nil {
            throw ValidationError("--admin-host \(name): write the name of a host, such as pulls.example")
        }
    }

    /// Refuses an address of the program's own: whichever comes second would find it taken, and not by whom.
    func check(beside listeners: [ListenArgument], of option: String) throws {
        guard let admin, let same = listeners.first(where: admin.overlaps) else { return }
        throw ValidationError("--admin \(admin) and \(option) \(same) are one address: give each a port of its own")
    }

    /// The same, of faces.
    func check(beside listeners: [FaceURI], of option: String) throws {
        let connected = listeners.filter { $0.scheme == .tcp }
        try check(beside: connected.map { ListenArgument(host: $0.host, port: $0.port) }, of: option)
    }

    /// Runs a program, and answers those who watch it meanwhile, where that is wanted.
    ///
    /// - Parameter body: the program; its answers come from `answers`.
    func serving(_ answers: AdminAnswers, logger: Logger, _ body: () async throws -> Void) async throws {
        guard let admin else { return try await body() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let endpoint = try await bind(admin, group, logger)
        let hosts = OwnHosts(adminHost + [admin.host])
        let address = admin.with(port: endpoint.address?.port ?? admin.port)
        logger.notice("metrics and probes are told", metadata: ["admin": "http://\(address)"])
        if !admin.isLoopback {
            logger.warning(
                "metrics and the page can be read beyond this machine, by whoever reaches the port",
                metadata: ["admin": "\(address)"])
        }
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await endpoint.run(AdminResponder(answers, hosts: hosts))
                } catch {
                    guard !Task.isCancelled else { return }
                    logger.error(
                        "metrics and probes are not told any more", metadata: ["error": "\(ErrorSentence.of(error))"])
                }
            }
            defer { tasks.cancelAll() }
            do {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        try? await group.shutdownGracefully()
        try result.get()
    }

    private func bind(
        _ address: ListenArgument, _ group: any EventLoopGroup, _ logger: Logger
    ) async throws -> HTTPEndpoint {
        do {
            return try await HTTPEndpoint.bind(
                host: address.host, port: address.port, setting: .admin, limits: AdminResponder.limits, group: group,
                logger: logger)
        } catch {
            logger.error("\(error)")
        }
        throw ExitCode.failure
    }

    private static func address(_ text: String) throws -> ListenArgument {
        guard let address = ListenArgument(argument: text) else {
            throw ValidationError("--admin \(text): write HOST:PORT, such as 127.0.0.1:9100")
        }
        return address
    }
}

extension AdminAnswers {
    /// Of this program.
    init(_ program: any Monitored, _ problems: RecentProblems) {
        self.init(program, problems: problems, version: Version.number, commit: BuiltFrom.commit)
    }
}
