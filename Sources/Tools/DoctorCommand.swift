import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// `registry-ndn doctor`: what does not work for a client with these options, and what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Find out what does not work for a client with the same options, and what to do about it.",
        discussion: """
            Write doctor in place of client, and leave the rest of the command line as it is: this machine, the registry, the \
            router, the way to the server and, with --image or --blob, a blob are looked at one after the other, a line each. \
            Exits with 0 when nothing failed, else with 1. docs/doctor.md says what each line means.
            """)

    @Option(
        help: """
            REPOSITORY[:TAG|@DIGEST] of an image whose smallest blob is fetched over NDN and compared with the registry's.
            """, transform: ImageReference.parse)
    var image: ImageReference?

    @Option(help: "REPOSITORY@DIGEST of a blob to fetch and compare instead.", transform: BlobReference.parse)
    var blob: BlobReference?

    @Flag(help: "Print an array of {check, status, message, remedy} instead of lines.")
    var json = false

    @OptionGroup var client: ClientCommand

    func validate() throws {
        guard image == nil || blob == nil else { throw ValidationError("give --image or --blob, not both") }
    }

    func run() async throws {
        var examination = Examination(prints: !json)
        let logger = try client.log.makeLogger(label: "doctor", usually: .critical)
        examination.note(MachineExamination.openFiles(limit: DescriptorLimit.raise()), of: .openFiles)
        let (setup, outcome) = await DoctorSetup.read(client)
        examination.note(outcome, of: .configuration)
        if let setup {
            await examine(setup, &examination, logger)
        } else {
            for check in DoctorReport.Check.allCases where check != .openFiles && check != .configuration {
                examination.note(.skip(""), of: check)
            }
        }
        if json { Output.write(try examination.report.json()) }
        guard examination.report.isHealthy else { throw ExitCode.failure }
    }

    private func examine(_ setup: DoctorSetup, _ examination: inout Examination, _ logger: Logger) async {
        examination.note(
            await MachineExamination.listening(at: setup.listeners, isSecure: setup.isSecure), of: .listen)
        let registries = await begin(setup)
        for (number, registry) in registries.enumerated() {
            examination.note(registry.upstream(), of: .upstream, registry: number)
            examination.note(registry.tls(), of: .tls, registry: number)
            examination.note(registry.registry(), of: .registry, registry: number)
            await examination.note(of: .login, registry: number) { await registry.login() }
            examination.note(registry.clock(), of: .clock, registry: number)
        }
        // The default registry comes first; it is the one that images are named without a host at.
        let trial = registries[0].trial
        let wanted = await wanted(at: trial, &examination)
        let blob = wanted.map {
            BlobName(prefix: setup.registries[0].name, repository: $0.repository, digest: $0.digest)
        }
        let path = await examinePath(setup, blob, &examination, logger)
        await examineBlob(blob, path, trial, setup, &examination, logger)
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
        _ setup: DoctorSetup, _ blob: BlobName?, _ examination: inout Examination, _ logger: Logger
    ) async -> PathExamination? {
        let names = setup.registries.map(\.name)
        let (path, outcome) = await PathExamination.reach(
            setup.router, face: client.face.configuration, finder: { try finder(for: names[0], logger) },
            producers: names, logger: logger)
        examination.note(outcome, of: .router)
        examination.note(
            path.map {
                MachineExamination.receiveBuffer(of: $0.router, largest: MachineExamination.largestReceiveBuffer())
            }
                ?? .skip(""), of: .receiveBuffer)
        for (number, name) in names.enumerated() {
            guard let path else {
                examination.note(.skip(""), of: .route, registry: number)
                examination.note(.skip(""), of: .packetSize, registry: number)
                continue
            }
            let (answersPings, route) = await path.route(to: name, blob: number == 0 ? blob : nil)
            examination.note(route, of: .route, registry: number)
            await examination.note(of: .packetSize, registry: number) {
                await path.packetSize(to: name, answersPings: answersPings)
            }
        }
        return path
    }

    private func finder(for name: Name, _ logger: Logger) throws -> RouterFinder {
        try client.discovery.finder(
            ProbeQuestions(name: client.probeInterest, producer: name), authorityFile: client.connecting.caFile,
            proxies: try client.connecting.proxies(), localPatience: client.asking.isDirectoryNamed ? nil : .zero,
            group: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    // MARK: a blob

    /// Which blob is to be fetched; nil without one.
    private func wanted(at trial: RegistryTrial, _ examination: inout Examination) async -> BlobReference? {
        if let blob {
            examination.note(.ok("\(blob.digest) of \(blob.repository) is named by --blob"), of: .image, registry: 0)
            return blob
        }
        guard let image else {
            examination.note(.skip("no --image or --blob is named"), of: .image, registry: 0)
            return nil
        }
        guard examination.report.obstacle(to: .image, of: 0) == nil else {
            examination.note(.skip(""), of: .image, registry: 0)
            return nil
        }
        let (smallest, outcome) = await BlobExamination.smallest(of: image, trial)
        examination.note(outcome, of: .image, registry: 0)
        return smallest.map { BlobReference(repository: image.repository, digest: $0.digest) }
    }

    private func examineBlob(
        _ blob: BlobName?, _ path: PathExamination?, _ trial: RegistryTrial, _ setup: DoctorSetup,
        _ examination: inout Examination, _ logger: Logger
    ) async {
        guard let blob, let path, examination.report.obstacle(to: .metadata, of: 0) == nil else {
            for check in [DoctorReport.Check.metadata, .signature, .blob] {
                examination.note(.skip("no --image or --blob is named"), of: check, registry: 0)
            }
            return
        }
        let blobs = BlobExamination(blob: blob, path: path, trial: trial)
        examination.note(await blobs.metadata(), of: .metadata, registry: 0)
        guard examination.report.obstacle(to: .signature, of: 0) == nil else {
            for check in [DoctorReport.Check.signature, .blob] { examination.note(.skip(""), of: check, registry: 0) }
            return
        }
        let fetched = await blobs.fetch(setup.fetching, client.face.configuration, logger)
        examination.note(
            blobs.signature(fetched, hasAnchor: setup.fetching.trust != nil), of: .signature, registry: 0)
        await examination.note(of: .blob, registry: 0) { await blobs.comparison(fetched) }
    }
}

/// A report that is shown while it grows.
private struct Examination {
    private(set) var report = DoctorReport()
    let prints: Bool

    init(prints: Bool) { self.prints = prints }

    mutating func note(_ outcome: DoctorReport.Outcome, of check: DoctorReport.Check, registry: Int? = nil) {
        report.note(outcome, of: check, registry: registry)
        if prints, let finding = report.findings.last { Output.write(finding.text) }
    }

    /// The same of a check that takes time, which is spared when it is not to be tried.
    mutating func note(
        of check: DoctorReport.Check, registry: Int, _ work: () async -> DoctorReport.Outcome
    ) async {
        guard report.obstacle(to: check, of: registry) == nil else {
            return note(.skip(""), of: check, registry: registry)
        }
        note(await work(), of: check, registry: registry)
    }
}
