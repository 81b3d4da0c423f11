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
}
