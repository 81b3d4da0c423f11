import ArgumentParser
import NDN
import RegistryNDN

/// A report that is shown while it grows.
struct GrowingReport {
    private(set) var report = DoctorReport()
    let prints: Bool

    init(prints: Bool) { self.prints = prints }

    mutating func note(_ outcome: DoctorReport.Outcome, of check: DoctorReport.Check, registry: Int? = nil) {
        report.note(outcome, of: check, registry: registry)
        if prints, let finding = report.findings.last { Output.write(finding.text) }
    }

    /// The same of a check that takes time, which is spared when it is not to be tried.
    mutating func note(
        of check: DoctorReport.Check, registry: Int? = nil, _ work: () async -> DoctorReport.Outcome
    ) async {
        guard report.obstacle(to: check, of: registry) == nil else {
            return note(.skip(""), of: check, registry: registry)
        }
        note(await work(), of: check, registry: registry)
    }

    /// What the way to the router, and through it to each prefix, says; checks of a way that is not there are skipped.
    ///
    /// - Parameters:
    ///   - prefixes: of servers, each with the number of its registry where there are several.
    ///   - blob: one of the first prefix, that may be asked for where nothing answers pings.
    mutating func note(_ path: PathExamination?, to prefixes: [(name: Name, registry: Int?)], blob: BlobName?) async {
        let largest = MachineExamination.largestReceiveBuffer()
        note(
            path.map { MachineExamination.receiveBuffer(of: $0.router, largest: largest) } ?? .skip(""),
            of: .receiveBuffer)
        for (number, prefix) in prefixes.enumerated() {
            guard let path else {
                for check in [DoctorReport.Check.route, .packetSize] {
                    note(.skip(""), of: check, registry: prefix.registry)
                }
                continue
            }
            let (answersPings, route) = await path.route(to: prefix.name, blob: number == 0 ? blob : nil)
            note(route, of: .route, registry: prefix.registry)
            await note(of: .packetSize, registry: prefix.registry) {
                await path.packetSize(to: prefix.name, answersPings: answersPings)
            }
        }
    }

    /// Prints what programs read, if that is wanted.
    ///
    /// - Throws: `ExitCode.failure` where something does not work.
    func finish(json: Bool) throws {
        if json { Output.write(try report.json()) }
        guard report.isHealthy else { throw ExitCode.failure }
    }
}
