import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// `registry-ndn doctor server`: what does not work for a server with these options, which may run meanwhile, and what to do.
struct DoctorServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Find out what does not work for a server with the same options.",
        discussion: """
            Write doctor before server, while the server runs, and leave the rest of the command line as it is: this machine, \
            the registry, the key, the forwarder, whether the server answers through it and, with --image or --blob, a blob are \
            looked at one after the other, a line each.
            """)

    @OptionGroup var options: DoctorOptions
    @OptionGroup var server: ServerCommand

    func run() async throws {
        var report = GrowingReport(prints: !options.json)
        let logger = try server.log.makeLogger(label: "doctor", usually: .critical)
        report.note(MachineExamination.openFiles(limit: DescriptorLimit.raise()), of: .openFiles)
        let notes = LoggedNotes()
        do {
            let environment = try Environment()
            let settings = try await server.options.settings(environment, logger: notes.logger)
            let odd = environment.complaints + notes.all.filter { $0.level >= .warning }.map(\.text)
            report.note(
                odd.isEmpty
                    ? .ok("the options and the files they name can be read")
                    : .warn(odd.joined(separator: "; "), remedy: nil),
                of: .configuration)
            await examine(settings, environment, &report, logger)
        } catch {
            let said = notes.all.last { $0.level >= .error }?.text
            report.note(
                .fail(
                    error is ExitCode ? said ?? "the options cannot be used" : "\(error)",
                    remedy: "correct that: the server does not start with it"), of: .configuration)
            for check in DoctorReport.Check.ofServer.dropFirst(2) { report.note(.skip(""), of: check) }
        }
        try report.finish(json: options.json)
    }

    private func examine(
        _ settings: BlobServer.Configuration, _ environment: Environment, _ report: inout GrowingReport,
        _ logger: Logger
    ) async {
        report.note(key(settings, environment), of: .keychain)
        let places = ServerPlaces(settings.listeners, prefix: settings.prefix, faces: settings.faces, logger: logger)
        report.note(await places.outcome(), of: .listen)
        let trial = await registry(settings, &report)
        let blobs = DoctorBlob(options: options, trial: trial, registry: nil)
        let wanted = await blobs.wanted(&report) { repository in
            settings.repositories.isEmpty || settings.repositories.contains { $0.matches(repository) }
        }
        let blob = wanted.map {
            BlobName(prefix: settings.prefix, repository: $0.repository, digest: $0.digest)
        }
        let (path, outcome) = await reach(settings, environment, logger)
        report.note(outcome, of: .router)
        await report.note(path, to: [(settings.prefix, nil)], blob: blob)
        await blobs.examine(blob, path, FetchConfiguration(), settings.faces, &report, logger)
        await path?.pinger.close()
        trial?.shutdown()
    }

    private func key(_ settings: BlobServer.Configuration, _ environment: Environment) -> DoctorReport.Outcome {
        let notes = LoggedNotes()
        var settings = settings
        do {
            try server.options.setKey(&settings, environment, notes.logger)
        } catch {
            return .fail(
                "\(error)", remedy: "the server does not start so: correct --keychain, --passphrase-file or --signing")
        }
        let odd = notes.all.map(\.text)
        guard odd.isEmpty else {
            return .warn(
                odd.joined(separator: "; "),
                remedy: "correct --keychain: `registry-ndn keygen list` shows what is there")
        }
        guard let key = settings.key else {
            return .ok(
                "no key of \(settings.prefix.uri) is there: Data is signed by its digest alone, and commands to the forwarder too"
            )
        }
        return .ok(
            settings.signsData
                ? "\(key.name.uri) signs Data, and commands to the forwarder"
                : "\(key.name.uri) signs commands to the forwarder; Data is signed by its digest alone")
    }

    // MARK: the registry

    /// Judges the registry, or the folder in its place.
    ///
    /// - Returns: What asks the registry; nil for a folder.
    private func registry(_ settings: BlobServer.Configuration, _ report: inout GrowingReport) async -> RegistryTrial? {
        guard case .registry(let url) = settings.origin else {
            for check in [DoctorReport.Check.upstream, .tls, .registry, .login, .clock] {
                report.note(.skip("\(settings.origin) is a folder of this machine, and no registry"), of: check)
            }
            return nil
        }
        let examined = await RegistryExamination.begin(
            at: url, settings.upstream, isInsecure: server.options.connecting.insecure, option: "--registry")
        report.note(examined.upstream(), of: .upstream)
        report.note(examined.tls(), of: .tls)
        report.note(examined.registry(), of: .registry)
        await report.note(of: .login) { await examined.login() }
        report.note(examined.clock(), of: .clock)
        return examined.trial
    }

    // MARK: NDN

    /// The way by which clients reach the server: through its forwarder, or at one of its own addresses.
    private func reach(
        _ settings: BlobServer.Configuration, _ environment: Environment, _ logger: Logger
    ) async -> (PathExamination?, DoctorReport.Outcome) {
        let place: FaceURI
        var source = ""
        do {
            switch try server.options.knownUplink(environment) {
            case .named(let uri): place = uri
            case .local(let forwarder):
                place = forwarder.uri
                source = " (this machine's forwarder: \(forwarder.source))"
            case .missing:
                let sockets = (LocalForwarder.own + LocalForwarder.nfd).joined(separator: " ")
                return (
                    nil,
                    .fail(
                        "no forwarder runs on this machine (\(sockets))",
                        remedy: "start registry-ndn forwarder or NFD, or name another with --uplink")
                )
            case .none:
                guard let listener = settings.listeners.first else {
                    return (nil, .fail("nobody could ask this server", remedy: "give --uplink or --listen"))
                }
                place = listener.reaching
                source = " (no forwarder: the server itself)"
            }
        } catch {
            return (nil, .fail("\(error)", remedy: "correct --uplink, or NDN_CLIENT_TRANSPORT and client.conf"))
        }
        return await PathExamination.reach(place, source, settings.faces, [settings.prefix], .server, logger)
    }
}

extension FaceURI {
    /// How a program of this machine reaches what listens there.
    var reaching: FaceURI {
        scheme == .unix
            ? self : FaceURI(scheme: scheme, family: family, host: IPAddress.reaching(host), port: port)
    }
}
