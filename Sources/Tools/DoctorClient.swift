import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// `registry-ndn doctor client`, or `doctor` alone: what does not work for a client with these options, and what to do.
struct DoctorClient: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Find out what does not work for a client with the same options (what doctor without a word does).",
        discussion: """
            Write doctor before client, and leave the rest of the command line as it is: this machine, the registry, the \
            router, the way to the server and, with --image or --blob, a blob are looked at one after the other, a line each.
            """)

    @OptionGroup var options: DoctorOptions
    @OptionGroup var client: ClientCommand

    func run() async throws {
        var examination = GrowingReport(prints: !options.json)
        let logger = try client.log.makeLogger(label: "doctor", usually: .critical)
        examination.note(MachineExamination.openFiles(limit: DescriptorLimit.raise()), of: .openFiles)
        let (setup, outcome) = await DoctorSetup.read(client)
        examination.note(outcome, of: .configuration)
        if let setup {
            await examine(setup, &examination, logger)
        } else {
            for check in DoctorReport.Check.ofClient.dropFirst(2) {
                examination.note(.skip(""), of: check)
            }
        }
        try examination.finish(json: options.json)
    }

    private func examine(_ setup: DoctorSetup, _ examination: inout GrowingReport, _ logger: Logger) async {
        examination.note(
            await MachineExamination.listening(at: setup.listeners, isSecure: setup.isSecure), of: .listen)
        examination.note(await setup.engines.outcome(), of: .engine)
        let registries = await begin(setup)
        for (number, registry) in registries.enumerated() {
            examination.note(registry.upstream(), of: .upstream, registry: number)
            examination.note(registry.tls(), of: .tls, registry: number)
            examination.note(registry.registry(), of: .registry, registry: number)
            await examination.note(of: .login, registry: number) { await registry.login() }
            examination.note(registry.clock(), of: .clock, registry: number)
        }
        // The default registry comes first; it is the one that images are named without a host at.
        let blobs = DoctorBlob(options: options, trial: registries[0].trial, registry: 0)
        let wanted = await blobs.wanted(&examination)
        let blob = wanted.map {
            BlobName(prefix: setup.registries[0].name, repository: $0.repository, digest: $0.digest)
        }
        let path = await examinePath(setup, blob, &examination, logger)
        await blobs.examine(blob, path, setup.fetching, client.face.configuration, &examination, logger)
        await path?.pinger.close()
        for registry in registries { registry.trial.shutdown() }
    }

    /// Asks all registries at once: many that are dead take no longer than one.
    private func begin(_ setup: DoctorSetup) async -> [RegistryExamination] {
        let places = zip(setup.registries.map(\.url), setup.connecting).enumerated()
        let isInsecure = client.connecting.insecure
        return await withTaskGroup(of: (Int, RegistryExamination).self) { group in
            for (number, place) in places {
                group.addTask {
                    (number, await RegistryExamination.begin(at: place.0, place.1, isInsecure: isInsecure))
                }
            }
            var all: [Int: RegistryExamination] = [:]
            for await (number, examination) in group { all[number] = examination }
            return all.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    // MARK: NDN

    private func examinePath(
        _ setup: DoctorSetup, _ blob: BlobName?, _ examination: inout GrowingReport, _ logger: Logger
    ) async -> PathExamination? {
        let names = setup.registries.map(\.name)
        let (path, outcome) = await PathExamination.reach(
            setup.router, face: client.face.configuration, finder: { try finder(for: names[0], logger) },
            producers: names, logger: logger)
        examination.note(outcome, of: .router)
        let prefixes = names.enumerated().map { (name: $1, registry: Optional($0)) }
        await examination.note(path, to: prefixes, blob: blob)
        return path
    }

    private func finder(for name: Name, _ logger: Logger) throws -> RouterFinder {
        try client.discovery.finder(
            ProbeQuestions(name: client.probeInterest, producer: name), authorityFile: client.connecting.caFile,
            proxies: try client.connecting.proxies(), localPatience: client.asking.isDirectoryNamed ? nil : .zero,
            group: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }
}
