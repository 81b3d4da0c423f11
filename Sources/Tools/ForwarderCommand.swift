import ArgumentParser
import Logging
import NDN
import NDNForwarder
import NIOCore
import NIOPosix
import RegistryNDN

#if canImport(Glibc)
    import Glibc
#endif

/// `registry-ndn forwarder`: the embedded NDN forwarder.
struct ForwarderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forwarder", abstract: "Run a small NDN forwarder.",
        discussion: """
            Consumers and producers connect over its Unix socket, UDP or TCP; producers register their prefixes over the \
            Unix socket or TCP on the loopback. With --route it is the cache of a site, before a server elsewhere. SIGUSR1 logs a \
            line of statistics.
            """)

    @Option(help: "Path of the Unix socket, or none.")
    var unix = ForwarderCommand.defaultSocket

    @Option(
        help: """
            Who may connect to the Unix socket, and so register any name: permission bits in octal, such as 666 for every user of \
            this machine. (default: 660)
            """, transform: SocketModeArgument.parse)
    var unixMode = SocketModeArgument(bits: 0o660)

    @Option(help: "HOST:PORT to listen at on UDP, or none. Data is 100 times an Interest: bind to what you trust.")
    var udp = "127.0.0.1:6363"

    @Option(help: "HOST:PORT to listen at on TCP, or none.")
    var tcp = "none"

    @Option(
        help: ArgumentHelp(
            """
            Send Interests below a prefix to a server or forwarder elsewhere, as in /example/docker=udp://server.example:6363 \
            (repeatable; several of one prefix: the cheapest of those that answer, of equals the nearest). A cost stands behind \
            the face, after a comma: …:6363,cost=10 is a spare beside one without, whose cost is 0.
            """, valueName: "prefix=face"), transform: StaticRouteArgument.parse)
    var route: [ForwarderService.StaticRoute] = []

    @Option(
        help: .size(
            "Memory for cached Data packets. (default: 512MiB, less where there is little memory)"),
        transform: ByteSizeArgument.parse)
    var cacheSize: ByteSizeArgument?

    @OptionGroup var faces: FaceOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var file: ConfigurationOptions

    func validate() throws {
        for (number, route) in route.enumerated() {
            guard let other = self.route[..<number].first(where: { $0.isSame(as: route) }) else { continue }
            let costs = other.cost == route.cost ? "" : ", with the costs \(other.cost) and \(route.cost)"
            throw ValidationError("--route \(route.prefix)=\(route.peer) is given twice\(costs): give it once")
        }
        // Addresses are compared when the real ones are known.
        let socket = unix.hasPrefix("unix://") ? String(unix.dropFirst(7)) : unix
        if let own = route.first(where: { $0.peer.scheme == .unix && SocketPath.isSame($0.peer.path, socket) }) {
            throw ValidationError(
                "--route \(own.prefix)=\(own.peer) leads to the forwarder's own socket (--unix), from where Interests would come back: name the socket of another forwarder"
            )
        }
    }

    private func listeners() throws -> [FaceURI] {
        var uris: [FaceURI] = []
        for (option, text, scheme) in [("--unix", unix, "unix://"), ("--udp", udp, "udp://"), ("--tcp", tcp, "tcp://")]
        where text != "none" {
            do {
                uris.append(try FaceURI(text.contains("://") ? text : scheme + text))
            } catch {
                throw ValidationError("\(option) \(text): \(error)")
            }
        }
        guard !uris.isEmpty else { throw ValidationError("nothing to listen at: --unix, --udp and --tcp are all none") }
        return uris
    }

    func run() async throws {
        try OpenFiles.prepare()
        let level = LogLevel()
        let problems = RecentProblems()
        let logger = try log.makeLogger(label: "forwarder", level: level, problems: problems)
        let program = await RunningProgram(logger: logger)
        let gauge = ForwarderGauge()
        try await admin.serving(AdminAnswers(ForwarderMonitor(gauge: gauge), problems), logger: logger) {
            try await serve(program, gauge, level, logger)
        }
    }

    private func serve(
        _ program: RunningProgram, _ gauge: ForwarderGauge, _ level: LogLevel, _ logger: Logger
    ) async throws {
        let listeners = try listeners()
        try admin.check(beside: listeners, of: "--tcp")
        for uri in listeners where !uri.isOfThisMachine {
            logger.warning(
                "listening beyond this machine: whoever reaches the port can use the forwarder and make it send",
                metadata: ["uri": "\(uri)"])
        }
        var limits = ForwardingCore.Limits()
        limits.contentStore = MemoryLimit.cacheSize(cacheSize?.octets, otherwise: 512 << 20, logger: logger)
        if let memory = MemoryLimit.ofProcess() { limits.pendingInterests = memory.pendingInterests }
        var configuration = faces.configuration
        configuration.socketMode = unixMode.bits
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let service = ForwarderService(
            listeners: listeners, routes: route, limits: limits, faces: configuration, on: loops.next(), logger: logger,
            gauge: gauge,
            statisticsSignals: { program.statisticsRequests }, ready: { Ready.announce("\($0)") })
        let options = OptionReload<Self>.reload(logger: logger) { new in
            level.set(try new.log.level(Environment()))
            return ["log"]
        }
        try await program.run(service, options: options)
        try await loops.shutdownGracefully()
    }

    private static var defaultSocket: String { LocalForwarder.own[0] }
}

extension ForwarderCommand: CheckedCommand {
    func check() throws { try admin.check(beside: try listeners(), of: "--tcp") }
}

extension FaceURI {
    /// Whether both cannot be listened at.
    func isSameListener(as other: FaceURI) -> Bool {
        guard scheme == other.scheme else { return false }
        guard scheme != .unix else { return SocketPath.isSame(path, other.path) }
        return ListenArgument(host: host, port: port).overlaps(ListenArgument(host: other.host, port: other.port))
    }

    /// A Unix socket, or a host written as a loopback address; a host name other than localhost may be anything.
    var isOfThisMachine: Bool {
        scheme == .unix || host == "localhost" || IPAddress.canonical(host) == "::1" || host.hasPrefix("127.")
    }
}
